"""`crowd` and `many`: all servers side by side, with one room full of people."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.gateway.candidates import candidates
from bench.gateway.gateway_server import Gateway
from bench.gateway.publishing import SIZE, joined, publish
from bench.gateway.servers import FLOOR, Open
from bench.gateway.usage import watched

WARM_SECONDS = 1.0
ROW = "{:28} {:>5} {:>9} {:>8} {:>6} {:>6} {:>6} {:>7} {:>7} {:>7} {:>9} {:>6} {:>6} {:>6} {:>8}"
TITLES = (
    "server", "msg/s", "live", "repaired", "lost", "dupl.", "order", "p50 ms", "p95 ms", "p99 ms", "CPU ms/1k", "÷floor",
    "client", "others", "RSS MiB",
)  # fmt: skip


@dataclass(frozen=True)
class Result:
    """One server at one rate. Shares: of a core, by the load client and by processes that are not ours."""

    live: int
    repaired: int
    lost: int
    duplicates: int
    out_of_order: int
    p50: float
    p95: float
    p99: float
    cpu_ms: float
    client_share: float
    others_share: float
    rss_kb: int


async def measure(open_server: Open, people: int, rate: float, seconds: float) -> Result:
    async with open_server() as running:
        crowd = await joined(running, people)
        deliveries = crowd.deliveries
        warm = await publish(running, crowd, rate, WARM_SECONDS)
        await crowd.received(warm * people)
        counted = deliveries.received
        del deliveries.latencies[:]
        with watched(running.process.pid) as watch:
            await publish(running, crowd, rate, seconds)
            lost = await crowd.received(running.sent * people)
        repaired = await running.repaired() if isinstance(running, Gateway) else 0
        received = deliveries.received - counted
        await crowd.leave()
        return Result(
            received - repaired, repaired, lost, deliveries.duplicates, deliveries.out_of_order,
            deliveries.ms(0.5), deliveries.ms(0.95), deliveries.ms(0.99),
            watch.server_cpu_s * 1e6 / max(1, received), watch.client_share, watch.others_share, watch.rss_kb,
        )  # fmt: skip


async def crowd_table(people: int, rates: Sequence[float], seconds: float, rounds: int, only: str) -> None:
    """Servers take turns in each round. Counts are sums, figures medians, ratios to the floor's in the
    same round."""
    found = candidates(only)
    print(f"\n{people} people in one room, {SIZE} bytes a frame, {seconds:.0f} s a turn, {rounds} rounds")
    print(ROW.format(*TITLES))
    for rate in rates:
        results: dict[str, list[Result]] = {name: [] for name in found}
        for _ in range(rounds):
            for name, open_server in found.items():
                results[name].append(await measure(open_server, people, rate, seconds))
        for name, each in results.items():
            print(_row(name, rate, each, results.get(FLOOR)), flush=True)


def _row(name: str, rate: float, each: list[Result], floor: list[Result] | None) -> str:
    def total(count: Callable[[Result], int]) -> int:
        return sum(count(result) for result in each)

    def middle(figure: Callable[[Result], float]) -> float:
        return statistics.median(figure(result) for result in each)

    ratio = statistics.median(
        a.cpu_ms / max(b.cpu_ms, 1e-9) for a, b in zip(each, floor or each, strict=True)
    )
    return ROW.format(
        name, f"{rate:g}", total(lambda r: r.live), total(lambda r: r.repaired), total(lambda r: r.lost),
        total(lambda r: r.duplicates), total(lambda r: r.out_of_order), f"{middle(lambda r: r.p50):.1f}",
        f"{middle(lambda r: r.p95):.1f}", f"{middle(lambda r: r.p99):.1f}", f"{middle(lambda r: r.cpu_ms):.1f}",
        f"{ratio:.2f}" if floor else "–", f"{middle(lambda r: r.client_share):.0%}", f"{middle(lambda r: r.others_share):.0%}", f"{middle(lambda r: r.rss_kb) / 1024:.0f}",
    )  # fmt: skip
