"""`capacity`: the rate goes up until the 95th percentile reaches 200 ms, or not everything arrives."""

import statistics
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from bench.gateway.candidates import candidates
from bench.gateway.crowd import Crowd
from bench.gateway.publishing import joined, publish
from bench.gateway.servers import FLOOR, NCHAN_NAME, Running
from bench.gateway.usage import watched

LIMIT_MS = 200.0
FACTOR = 1.25
ROW = "{:28} {:>12} {:>6} {:>7} {:>7} {:>7} {:>7} {:>7} {:>7}  {}"
TITLES = (
    "server",
    "deliveries/s",
    "msg/s",
    "p95 ms",
    "÷floor",
    "÷nchan",
    "server",
    "client",
    "others",
    "and the next step",
)


@dataclass(frozen=True)
class Step:
    """One server at one rate. `shares` of a core: the server's, the load client's, and everybody else's."""

    rate: float
    p95: float
    lost: int
    disorder: int
    shares: tuple[float, float, float]

    @property
    def is_good(self) -> bool:
        return self.p95 < LIMIT_MS and not self.lost and not self.disorder

    def __str__(self) -> str:
        server, client, others = self.shares
        return (
            f"{self.rate:.0f}/s: p95 {self.p95:.0f} ms, lost {self.lost}, duplicates or out of order {self.disorder},"
            f" server {server:.0%}, client {client:.0%}, others {others:.0%}"
        )


@dataclass
class RateSearch:
    """A server, its people, and how far it came in one round."""

    name: str
    running: Running
    crowd: Crowd
    steps: list[Step] = field(default_factory=list)

    @property
    def is_sustaining(self) -> bool:
        return not self.steps or self.steps[-1].is_good

    @property
    def best(self) -> Step | None:
        good = [step for step in self.steps if step.is_good]
        return good[-1] if good else None

    @property
    def rate(self) -> float:
        return self.best.rate if self.best else 0.0

    async def step(self, rate: float, seconds: float) -> None:
        """One step; a second try where everything arrived, only late: it may have been somebody else's
        doing."""
        if not self.steps:
            await publish(self.running, self.crowd, rate, min(1.0, seconds))
            await self.crowd.received(self.running.sent * len(self.crowd.members))
        step = await self._measure(rate, seconds)
        if not step.is_good and not step.lost:
            step = await self._measure(rate, seconds)
        self.steps.append(step)
        if not step.is_good:
            await self.crowd.leave()

    async def _measure(self, rate: float, seconds: float) -> Step:
        deliveries = self.crowd.deliveries
        before = deliveries.duplicates + deliveries.out_of_order
        del deliveries.latencies[:]
        with watched(self.running.process.pid) as watch:
            await publish(self.running, self.crowd, rate, seconds)
            lost = await self.crowd.received(self.running.sent * len(self.crowd.members), 5.0)
        disorder = deliveries.duplicates + deliveries.out_of_order - before
        shares = watch.server_share, watch.client_share, watch.others_share
        return Step(rate, deliveries.ms(0.95), lost, disorder, shares)


async def capacity(people: int, seconds: float, rounds: int, only: str) -> None:
    """In each round all servers run, and at each rate one after the other is sent to; those that failed
    are out."""
    print(
        f"\n{people} people in one room: the most deliveries/s with p95 < {LIMIT_MS:.0f} ms, {seconds:.0f} s a step"
    )
    results: dict[str, list[RateSearch]] = {}
    for _ in range(rounds):
        for search in await search_rates(people, seconds, only):
            results.setdefault(search.name, []).append(search)
    print(ROW.format(*TITLES))
    for name, searches in results.items():
        print(_row(name, people, searches, results), flush=True)


async def search_rates(people: int, seconds: float, only: str, first: float = 20.0) -> list[RateSearch]:
    """One round, from `first` messages a second on."""
    async with AsyncExitStack() as stack:
        searches: list[RateSearch] = []
        for name, open_server in candidates(only).items():
            running = await stack.enter_async_context(open_server())
            searches.append(RateSearch(name, running, await joined(running, people)))
        rate = first
        while any(search.is_sustaining for search in searches):
            for search in searches:
                if search.is_sustaining:
                    await search.step(rate, seconds)
            rate *= FACTOR
        return searches


def _row(name: str, people: int, searches: list[RateSearch], results: dict[str, list[RateSearch]]) -> str:
    rate = statistics.median(search.rate for search in searches)
    ratios = [_ratio(searches, results.get(peer, [])) for peer in (FLOOR, NCHAN_NAME)]
    good = [search.best for search in searches if search.best is not None]
    if not good:
        return ROW.format(name, 0, 0, "–", *ratios, "–", "–", "–", searches[-1].steps[-1])
    p95 = statistics.median(step.p95 for step in good)
    shares = (statistics.median(share) for share in zip(*(step.shares for step in good), strict=True))
    percents = (f"{share:.0%}" for share in shares)
    return ROW.format(
        name, f"{rate * people:,.0f}", f"{rate:.0f}", f"{p95:.1f}", *ratios, *percents, searches[-1].steps[-1]
    )


def _ratio(searches: list[RateSearch], peer: list[RateSearch]) -> str:
    """The median over the rounds, each against the peer's in the same round."""
    ratios = [one.rate / other.rate for one, other in zip(searches, peer, strict=False) if other.rate]
    return f"{statistics.median(ratios):.2f}" if ratios else "–"
