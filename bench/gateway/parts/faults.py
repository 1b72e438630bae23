"""`faults`: the API, then the gateway, is killed or drained under a crowd, while messages go on being
sent."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

from bench.gateway.crowd import Crowd
from bench.gateway.deliveries import Deliveries
from bench.gateway.gateway_server import Gateway, gateway
from bench.gateway.publishing import joined, publishing
from bench.gateway.servers import end
from bench.gateway.usage import uncollected

RATE = 20.0
AWAY_SECONDS = 1.5
RETURN_SECONDS = 1.0
"""Whoever is cut off tries again within so long, at an instant of their own."""
SETTLED_SECONDS = 0.3
"""Everybody has everything when they have all that was sent until so long ago."""
LIMIT_SECONDS = 60.0
ROW = "{:34} {:>8} {:>8} {:>8} {:>5} {:>6} {:>7} {:>6} {:>8} {:>10} {:>8} {:>6} {:>6}  {}"
TITLES = (
    "what happens", "live", "repaired", "replayed", "lost", "dupl.", "order", "resets", "cut off", "all have s", "p99 ms",
    "subs", "reads", "close codes",
)  # fmt: skip

Fault = Callable[[Gateway, Crowd], Awaitable[int]]
"""Does it; gives the deliveries repaired so far that a process took with it."""


@dataclass(frozen=True)
class Outcome:
    """`recovered_s`: from the fault until everybody had everything, or `None`. `repaired`: deliveries of
    what was read from history to people who stayed; `replayed`: to those who came back."""

    deliveries: Deliveries
    repaired: int
    lost: int
    recovered_s: float | None
    subscriptions: int
    reads: int


async def upstream_goes(running: Gateway, _crowd: Crowd) -> int:
    """Messages are stored meanwhile, and delivered to nobody."""
    await running.upstream.stop()
    await asyncio.sleep(AWAY_SECONDS)
    await running.upstream.start()
    return 0


async def gateway_is_killed(running: Gateway, _crowd: Crowd) -> int:
    repaired = await running.repaired()
    running.process.kill()
    running.process.wait()
    await running.start()
    return repaired


async def gateway_is_drained(running: Gateway, crowd: Crowd) -> int:
    """As when a new version is deployed: the new process is there before the old one ends."""
    repaired = await running.repaired()
    old = await running.start(on_new_port=True)
    crowd.address = replace(crowd.address, port=running.address.port)
    await asyncio.to_thread(end, old)
    return repaired


FAULTS: dict[str, Fault] = {
    f"the API is away for {AWAY_SECONDS} s": upstream_goes,
    "SIGKILL, a new gateway on the port": gateway_is_killed,
    "SIGTERM, a new gateway takes over": gateway_is_drained,
}


async def faults(people: int, seconds: float) -> None:
    """So long before each fault and after everybody has recovered."""
    print(f"\n{people} people in one room at {RATE:.0f} messages a second, all the time")
    print(ROW.format(*TITLES))
    for name, fault in FAULTS.items():
        outcome = await inject(fault, people, seconds)
        deliveries = outcome.deliveries
        live = deliveries.received - deliveries.replayed - outcome.repaired
        print(ROW.format(
            name, live, outcome.repaired, deliveries.replayed, outcome.lost, deliveries.duplicates,
            deliveries.out_of_order, deliveries.resets, deliveries.losses,
            "never" if outcome.recovered_s is None else f"{outcome.recovered_s:.2f}", f"{deliveries.ms(0.99):.0f}", outcome.subscriptions,
            outcome.reads, ", ".join(f"{count} × {code}" for code, count in sorted(deliveries.closes.items())) or "–",
        ), flush=True)  # fmt: skip


async def inject(fault: Fault, people: int, seconds: float) -> Outcome:
    async with gateway() as running:
        stub = running.stub
        crowd = await joined(running, people)
        crowd.returns_s = RETURN_SECONDS
        async with AsyncExitStack() as stack:
            stack.enter_context(uncollected())
            await stack.enter_async_context(publishing(running, crowd, RATE))
            await asyncio.sleep(seconds)
            starts, reads, began = stub.starts, stub.history_reads, time.monotonic()
            repaired = await fault(running, crowd)
            recovered = await _everybody_has_everything(running, crowd)
            recovered_s = time.monotonic() - began if recovered else None
            await asyncio.sleep(seconds)
        lost = await crowd.received(running.sent * people, LIMIT_SECONDS)
        repaired += await running.repaired()
        subscriptions, reads = stub.starts - starts, stub.history_reads - reads
        await crowd.leave()
        return Outcome(crowd.deliveries, repaired, lost, recovered_s, subscriptions, reads)


async def _everybody_has_everything(running: Gateway, crowd: Crowd) -> bool:
    """Wait for it; whether it came to pass."""
    lag = int(SETTLED_SECONDS * RATE)
    try:
        await crowd.until(
            lambda: (
                crowd.ready == len(crowd.members)
                and min(member.inbox.last for member in crowd.members) >= running.sent - lag
            ),
            LIMIT_SECONDS,
        )
    except TimeoutError:
        return False
    return True
