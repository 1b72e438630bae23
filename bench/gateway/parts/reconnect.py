"""`reconnect`: all are cut off, miss some, and come back at once from where they were, to the same process
or to a new one."""

import time
from dataclasses import dataclass

from bench.gateway.deliveries import Deliveries
from bench.gateway.gateway_server import gateway
from bench.gateway.publishing import joined, publish
from bench.gateway.servers import end
from bench.gateway.usage import uncollected, usage

RATE = 50.0


@dataclass(frozen=True)
class Reconnection:
    """How it went. `due`: missed messages, over all; `given`: how many of them arrived. Counts are of the
    stub's, upstream."""

    took_s: float
    cpu_s: float
    subscriptions: int
    reads: int
    room_requests: int
    given: int
    due: int
    deliveries: Deliveries

    def __str__(self) -> str:
        return (
            f"all resumed in {self.took_s:.2f} s, {self.cpu_s:.2f} s CPU; upstream: {self.subscriptions} subscriptions,"
            f" {self.reads} history reads, {self.room_requests} requests for the room; missed messages given {self.given} of {self.due},"
            f" lost {self.due - self.given}, duplicates {self.deliveries.duplicates}, out of order {self.deliveries.out_of_order},"
            f" resets {self.deliveries.resets}"
        )


async def reconnect(people: int, seconds: float) -> None:
    print(f"\n{people} come back at once")
    for name, is_new in (("the same process", False), ("a new process", True)):
        print(f"{name}: {await reconnect_all(people, seconds, is_new=is_new)}", flush=True)


async def reconnect_all(people: int, seconds: float, *, is_new: bool) -> Reconnection:
    """Messages for so many seconds before they are cut off, and half as many while they are away."""
    async with gateway() as running:
        stub = running.stub
        crowd = await joined(running, people)
        await publish(running, crowd, RATE, seconds)
        await crowd.received(running.sent * people)
        before = crowd.deliveries.received
        await crowd.disconnect()
        missed = await publish(running, crowd, RATE, seconds / 2)
        if is_new:
            end(await running.start(on_new_port=True))
            crowd.address = running.address
        stub.asked.clear()
        starts, cpu = stub.starts, usage(running.process.pid).cpu_s
        began = time.monotonic()
        with uncollected():
            await crowd.connect(crowd.members)
            await crowd.received(running.sent * people)
        took, cpu = time.monotonic() - began, usage(running.process.pid).cpu_s - cpu
        given = crowd.deliveries.received - before
        room_requests = stub.asked["room"]
        await crowd.leave()
        return Reconnection(
            took,
            cpu,
            stub.starts - starts,
            stub.history_reads,
            room_requests,
            given,
            missed * people,
            crowd.deliveries,
        )
