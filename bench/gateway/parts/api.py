"""`api`: with the real API behind the gateway and each engine behind that, everybody joins one room at once, hears what
one of them sends, leaves, and comes back at once."""

import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, get_args

from bench.gateway.crowd import Crowd
from bench.gateway.publishing import publish
from bench.gateway.real_api import gateway_and_api
from bench.gateway.usage import uncollected, watched
from simulator import dynamodb_local
from simulator.engine import Kind

RATE = 20.0
RETURN_SECONDS = 1.0
"""Whoever is refused tries again within so long."""
GOAL_JOIN_S, GOAL_MS = 6.0, 25.0
ROW = "{:16} {:>10} {:>8} {:>12} {:>8} {:>6} {:>6} {:>6} {:>7} {:>7} {:>7} {:>7}"
TITLES = (
    "engine", "all in s", "refused", "all back s", "refused", "lost", "dupl.", "order", "p50 ms", "p95 ms", "p99 ms", "others",
)  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """`refused`: connections that were closed while everybody came (for the first time, again). `joining_s`: CPU seconds
    of each program until everybody was in; `sending_ms`: CPU milliseconds for each message."""

    joined_s: float
    refused: int
    back_s: float
    refused_back: int
    lost: int
    duplicates: int
    out_of_order: int
    p50: float
    p95: float
    p99: float
    others_share: float
    joining_s: dict[str, float]
    sending_ms: dict[str, float]


async def api(people: int, seconds: float) -> None:
    print(f"\n{people} people in one room of the real API, {RATE:g} messages a second for {seconds:.0f} s")
    print(f"goals: all in within {GOAL_JOIN_S:g} s, none refused, p95 under {GOAL_MS:g} ms")
    print(ROW.format(*TITLES))
    for engine in get_args(Kind):
        if engine == "dynamodb-local" and dynamodb_local.missing():
            print(f"{engine}: left out, since {' and '.join(dynamodb_local.missing())} is not here")
            continue
        each = await run(engine, people, seconds)
        print(ROW.format(
            engine, f"{each.joined_s:.2f}", each.refused, f"{each.back_s:.2f}", each.refused_back, each.lost, each.duplicates,
            each.out_of_order, f"{each.p50:.1f}", f"{each.p95:.1f}", f"{each.p99:.1f}", f"{each.others_share:.0%}",
        ))  # fmt: skip
        print(
            f"    CPU until all are in: {_listed(each.joining_s, 's')}; for each message: {_listed(each.sending_ms, 'ms')}",
            flush=True,
        )


async def run(engine: Kind, people: int, seconds: float) -> Outcome:
    async with gateway_and_api(engine, people) as running:
        crowd = Crowd(running.address, headers=running.headers)
        before = running.cpu_s()
        crowd.returns_s = RETURN_SECONDS
        joined_s, refused = await _timed(crowd, lambda: crowd.join(people, at_once=people))
        joining = _spent(before, running.cpu_s())
        await publish(running, crowd, RATE, 1.0)  # the first sends find nothing known
        await crowd.received(running.sent * people)
        del crowd.deliveries.latencies[:]
        before = running.cpu_s()
        with watched(running.process.pid) as watch:
            await publish(running, crowd, RATE, seconds)
            lost = await crowd.received(running.sent * people)
        sending = _spent(before, running.cpu_s())
        deliveries = crowd.deliveries
        p50, p95, p99 = (deliveries.ms(share) for share in (0.5, 0.95, 0.99))
        await crowd.disconnect()
        back_s, refused_back = await _timed(crowd, lambda: crowd.connect(crowd.members))
        await crowd.leave()
        return Outcome(
            joined_s, refused, back_s, refused_back, lost, deliveries.duplicates, deliveries.out_of_order,
            p50, p95, p99, watch.others_share - sum(sending.values()) / seconds + sending["gateway"] / seconds,
            joining, {name: 1_000 * spent / (RATE * seconds) for name, spent in sending.items()},
        )  # fmt: skip


async def _timed(crowd: Crowd, come: Callable[[], Coroutine[Any, Any, None]]) -> tuple[float, int]:
    """How long it takes until everybody is in, and how many connections ended meanwhile."""
    began, losses = time.monotonic(), crowd.deliveries.losses
    with uncollected():
        await come()
    return time.monotonic() - began, crowd.deliveries.losses - losses


def _spent(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    return {name: after[name] - cpu for name, cpu in before.items()}


def _listed(spent: dict[str, float], unit: str) -> str:
    return ", ".join(f"{name} {used:.1f} {unit}" for name, used in spent.items())
