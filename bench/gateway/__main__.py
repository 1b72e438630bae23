"""`make bench-gateway`: one table. Server on one core, load client on the other; nothing else should run meanwhile.

    python -m bench.gateway [crowd] [rooms] [idle] [storm] [--people 1000] [--rates 10,20,50] [--seconds 20] [--rounds 3]

Servers take turns in each round (A B C … A B C …); figures are medians over the rounds, ratios to the floor's in the same round.
"""

import argparse
import asyncio
import gc
import os
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import uvloop

from bench.gateway import servers
from bench.gateway.appsync_stub import Stub
from bench.gateway.crowd import Crowd
from bench.gateway.servers import Running
from bench.gateway.usage import usage

SIZE = 700
"""Bytes of a frame's payload, the same for all servers."""

Open = Callable[[], AbstractAsyncContextManager[Running]]
ROW = "{:28} {:>5} {:>9} {:>8} {:>6} {:>6} {:>7} {:>7} {:>7} {:>9} {:>6} {:>8}"


@dataclass(frozen=True)
class Result:
    """One server at one rate."""

    live: int
    repaired: int
    lost: int
    twice: int
    p50: float
    p95: float
    p99: float
    cpu_ms: float
    rss_kb: int


def candidates() -> dict[str, Open]:
    modules = servers.node_modules(Path(".cache"))
    found: dict[str, Open] = {
        "bare loop (floor)": lambda: servers.plain(servers.python("bare.py")),
        "gateway": servers.gateway,
    }
    if servers.NCHAN.exists():
        found["nginx + nchan"] = servers.nchan
    if modules is not None:
        found["npm ws"] = lambda: servers.node("ws.js", modules)
        found["socket.io"] = lambda: servers.socketio(modules)
    found["websockets broadcast()"] = lambda: servers.plain(servers.python("websockets_broadcast.py"))
    found["FastAPI, await send_text"] = lambda: servers.plain(servers.python("fastapi_loop.py"))
    return found


async def joined(running: Running, people: int) -> Crowd:
    crowd = Crowd(time.monotonic_ns, running.on_text)
    crowd.ready_mark = running.ready_mark
    await crowd.join(running.port, people, running.path, running.headers)
    return crowd


async def publish(running: Running, crowd: Crowd, rate: float, seconds: float, first: int = 1) -> int:
    """Send at a steady rate, each at its intended instant; how many were sent."""
    start = time.monotonic_ns()
    count = int(rate * seconds)
    for index in range(count):
        intended = start + int(index * 1e9 / rate)
        if (wait := (intended - time.monotonic_ns()) / 1e9) > 0:
            await asyncio.sleep(wait)
        mark = f"#{first + index}@{intended}#"
        await running.publish(crowd, mark + "x" * max(0, SIZE - running.overhead - len(mark)))
    return count


async def measure(open_server: Open, people: int, rate: float, seconds: float) -> Result:
    async with open_server() as running:
        crowd = await joined(running, people)
        warm = await publish(running, crowd, rate, 1.0)
        with suppress(TimeoutError):
            await crowd.until(lambda: crowd.tally.received >= warm * people, 15)
        crowd.tally.latencies.clear()
        before, counted = usage(running.process.pid), crowd.tally.received
        gc.disable()
        sent = await publish(running, crowd, rate, seconds, first=warm + 1)
        due = (warm + sent) * people
        with suppress(TimeoutError):
            await crowd.until(lambda: crowd.tally.received >= due, 15)
        after = usage(running.process.pid)
        gc.enable()
        tally = crowd.tally
        repaired = int(await metric(running.port, "history")) if running.stub else 0
        received = tally.received - counted
        crowd.leave()
        return Result(
            received - repaired, repaired, due - tally.received, tally.twice + tally.disordered,
            tally.quantile(0.5) * 1e3, tally.quantile(0.95) * 1e3, tally.quantile(0.99) * 1e3,
            (after.cpu_s - before.cpu_s) * 1e6 / max(1, received), after.rss_kb,
        )  # fmt: skip


async def metric(port: int, source: str) -> float:
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"http://127.0.0.1:{port}/metrics") as answer,
    ):
        text = await answer.text()
    wanted = f'chat_gateway_deliveries_total{{source="{source}"}}'
    return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(wanted))


async def crowd_table(people: int, rates: list[float], seconds: float, rounds: int, only: str) -> None:
    found = {name: each for name, each in candidates().items() if not only or only in name}
    print(f"\n{people} people in one room, {SIZE} bytes a frame, {seconds:.0f} s a turn, {rounds} rounds")
    print(
        ROW.format(
            "server",
            "msg/s",
            "live",
            "repaired",
            "lost",
            "twice",
            "p50 ms",
            "p95 ms",
            "p99 ms",
            "CPU ms/1k",
            "÷floor",
            "RSS MiB",
        )
    )
    for rate in rates:
        results: dict[str, list[Result]] = {name: [] for name in found}
        for _ in range(rounds):
            for name, open_server in found.items():
                results[name].append(await measure(open_server, people, rate, seconds))
        floor = results.get("bare loop (floor)")
        for name, each in results.items():
            ratio = (
                statistics.median(a.cpu_ms / b.cpu_ms for a, b in zip(each, floor, strict=True))
                if floor
                else 0
            )
            print(ROW.format(
                name, f"{rate:g}", sum(r.live for r in each), sum(r.repaired for r in each), sum(r.lost for r in each),
                sum(r.twice for r in each), f"{middle(each, lambda r: r.p50):.1f}", f"{middle(each, lambda r: r.p95):.1f}",
                f"{middle(each, lambda r: r.p99):.1f}", f"{middle(each, lambda r: r.cpu_ms):.1f}", f"{ratio:.2f}",
                f"{middle(each, lambda r: r.rss_kb) / 1024:.0f}",
            ), flush=True)  # fmt: skip


def stub_of(running: Running) -> Stub:
    if running.stub is None:
        raise TypeError("only the gateway has an AppSync behind it")
    return running.stub


def middle(results: list[Result], figure: Callable[[Result], float]) -> float:
    return statistics.median(figure(each) for each in results)


async def idle(connections: int) -> None:
    """Memory of connections that hear a quiet room."""
    async with servers.gateway(max_connections=connections + 1_000) as running:
        few = await joined(running, 100)
        before = usage(running.process.pid)
        crowd = await joined(running, connections)
        after = usage(running.process.pid)
        each = (after.rss_kb - before.rss_kb) / connections
        print(f"\n{connections} idle connections: {each:.1f} KiB each, {after.rss_kb / 1024:.0f} MiB in all")
        few.leave()
        crowd.leave()


async def storm(people: int) -> None:
    """All are cut off, miss some, and come back at once from where they were."""
    async with servers.gateway() as running:
        stub = stub_of(running)
        crowd = await joined(running, people)
        sent = await publish(running, crowd, 50, 2)
        await crowd.until(lambda: crowd.tally.received >= sent * people)
        crowd.leave()
        missed = await publish(running, crowd, 50, 1, first=sent + 1)
        stub.asked.clear()
        starts = stub.starts
        back = Crowd(time.monotonic_ns, running.on_text)
        back.ready_mark = running.ready_mark
        started = time.monotonic()
        path = f"{running.path}?since={sent}%2F2026-01-01T00:00:00.000Z%2F1"
        before = usage(running.process.pid)
        joining = back.join(running.port, people, path, running.headers, at_once=people)
        await joining
        took = time.monotonic() - started
        cpu = usage(running.process.pid).cpu_s - before.cpu_s
        asked = stub.asked
        print(
            f"\n{people} come back at once: all resumed in {took:.2f} s, {cpu:.2f} s CPU; upstream: "
            f"{stub.starts - starts} subscriptions, {asked['changes'] + asked['messages']} history reads, "
            f"{asked['room']} looks at the room; missed messages given: {back.tally.received} of {missed * people}"
        )
        back.leave()


async def rooms(count: int, people: int, rate: float, seconds: float) -> None:
    """Many small rooms, on one process."""
    print(f"\n{count} rooms of {people}, {rate:g} messages a second in each")
    async with servers.gateway() as running:
        stub = stub_of(running)
        crowds: list[Crowd] = []
        for number in range(count):
            crowd = Crowd(time.monotonic_ns)
            crowd.ready_mark = running.ready_mark
            await crowd.join(running.port, people, f"/ws/rooms/r{number}", running.headers)
            crowds.append(crowd)
        before = usage(running.process.pid)
        started, sent = time.monotonic_ns(), 0
        gap = int(1e9 / (rate * count))
        while time.monotonic_ns() - started < seconds * 1e9:
            intended = started + sent * gap
            if (wait := (intended - time.monotonic_ns()) / 1e9) > 0:
                await asyncio.sleep(wait)
            mark = f"#{sent // count + 1}@{intended}#"
            await stub.publish(f"r{sent % count}", mark + "x" * max(0, SIZE - running.overhead - len(mark)))
            sent += 1
        await crowds[0].until(lambda: sum(c.tally.received for c in crowds) >= sent * people, 15)
        after = usage(running.process.pid)
        latencies = sorted(each for c in crowds for each in c.tally.latencies)
        p50, p95, p99 = (latencies[int(share * (len(latencies) - 1))] * 1e3 for share in (0.5, 0.95, 0.99))
        print(
            f"deliveries {len(latencies)}, lost {sent * people - len(latencies)}, p50 {p50:.1f} p95 {p95:.1f} p99 {p99:.1f} ms,"
            f" CPU {(after.cpu_s - before.cpu_s) * 1e6 / max(1, len(latencies)):.1f} ms per 1,000, RSS {after.rss_kb / 1024:.0f} MiB,"
            f" {stub.starts} upstream subscriptions"
        )
        for crowd in crowds:
            crowd.leave()


async def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.gateway")
    parser.add_argument("parts", nargs="*", default=["crowd", "rooms", "idle", "storm"])
    parser.add_argument("--people", type=int, default=1_000)
    parser.add_argument("--rates", default="10,20,50")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    os.sched_setaffinity(0, {1} if (os.cpu_count() or 1) > 1 else {0})
    rates = [float(each) for each in given.rates.split(",")]
    if "crowd" in given.parts:
        await crowd_table(given.people, rates, given.seconds, given.rounds, given.only)
    if "rooms" in given.parts:
        await rooms(200, 10, 1.0, given.seconds)
    if "idle" in given.parts:
        await idle(10_000)
    if "storm" in given.parts:
        await storm(given.people)


if __name__ == "__main__":
    sys.exit(uvloop.run(main()))
