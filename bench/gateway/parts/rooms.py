"""`rooms`: many small rooms, on one process."""

import time
from array import array
from dataclasses import replace

from bench.gateway.crowd import Crowd
from bench.gateway.deliveries import quantile_ms
from bench.gateway.gateway_server import gateway
from bench.gateway.publishing import SIZE, text, until
from bench.gateway.usage import watched


async def rooms(count: int, people: int, rate: float, seconds: float) -> None:
    print(f"\n{count} rooms of {people}, {rate:g} messages a second in each")
    async with gateway() as running:
        crowds: list[Crowd] = []
        for number in range(count):
            crowd = Crowd(replace(running.address, path=f"/ws/rooms/r{number}"))
            await crowd.join(people)
            crowds.append(crowd)
        start, sent, interval_ns = time.monotonic_ns(), 0, int(1e9 / (rate * count))
        with watched(running.process.pid) as watch:
            while sent * interval_ns < seconds * 1e9:
                intended = start + sent * interval_ns
                await until(intended)
                body = text(sent // count + 1, intended, SIZE - running.overhead)
                await running.stub.publish(f"r{sent % count}", body)
                sent += 1
            for number, crowd in enumerate(crowds):
                await crowd.received(people * len(running.stub.rooms.get(f"r{number}", [])))
        latencies = sum((crowd.deliveries.latencies for crowd in crowds), array("q"))
        received = sum(crowd.deliveries.received for crowd in crowds)
        p50, p95, p99 = (quantile_ms(latencies, share) for share in (0.5, 0.95, 0.99))
        print(
            f"deliveries {received}, lost {sent * people - received},"
            f" duplicates {sum(crowd.deliveries.duplicates for crowd in crowds)},"
            f" out of order {sum(crowd.deliveries.out_of_order for crowd in crowds)},"
            f" p50 {p50:.1f} p95 {p95:.1f} p99 {p99:.1f} ms,"
            f" CPU {watch.server_cpu_s * 1e6 / max(1, received):.1f} ms per 1,000, RSS {watch.rss_kb / 1024:.0f} MiB,"
            f" {running.stub.starts} upstream subscriptions",
            flush=True,
        )
        for crowd in crowds:
            await crowd.leave()
