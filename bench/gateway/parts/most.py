"""`most`: the rate goes up until the 95th percentile reaches 200 ms, or not everything arrives."""

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
            f"{self.rate:.0f}/s: p95 {self.p95:.0f} ms, lost {self.lost}, twice or disordered {self.disorder},"
            f" server {server:.0%}, client {client:.0%}, others {others:.0%}"
        )


@dataclass
class Climber:
    """A server, its people, and how far it came in one round."""

    name: str
    running: Running
    crowd: Crowd
    steps: list[Step] = field(default_factory=list)

    @property
    def is_up(self) -> bool:
        return not self.steps or self.steps[-1].is_good

    @property
    def best(self) -> Step | None:
        good = [step for step in self.steps if step.is_good]
        return good[-1] if good else None

    @property
    def rate(self) -> float:
        return self.best.rate if self.best else 0.0

    async def climb(self, rate: float, seconds: float) -> None:
        """One step; a second try where everything arrived, only late: it may have been somebody else's doing."""
        if not self.steps:
            await publish(self.running, self.crowd, rate, 1.0)
            await self.crowd.received(self.running.sent * len(self.crowd.members))
        step = await self._step(rate, seconds)
        if not step.is_good and not step.lost:
            step = await self._step(rate, seconds)
        self.steps.append(step)
        if not step.is_good:
            await self.crowd.leave()

    async def _step(self, rate: float, seconds: float) -> Step:
        tally = self.crowd.tally
        before = tally.twice + tally.disordered
        del tally.latencies[:]
        with watched(self.running.process.pid) as watch:
            await publish(self.running, self.crowd, rate, seconds)
            lost = await self.crowd.received(self.running.sent * len(self.crowd.members), 5.0)
        disorder = tally.twice + tally.disordered - before
        shares = watch.server_share, watch.client_share, watch.others_share
        return Step(rate, tally.ms(0.95), lost, disorder, shares)


async def most(people: int, seconds: float, rounds: int, only: str) -> None:
    """In each round all servers run, and at each rate one after the other is sent to; those that failed are out."""
    print(
        f"\n{people} people in one room: the most deliveries/s with p95 < {LIMIT_MS:.0f} ms, {seconds:.0f} s a step"
    )
    results: dict[str, list[Climber]] = {}
    for _ in range(rounds):
        for climber in await climb(people, seconds, only):
            results.setdefault(climber.name, []).append(climber)
    print(ROW.format(*TITLES))
    for name, climbers in results.items():
        print(_row(name, people, climbers, results), flush=True)


async def climb(people: int, seconds: float, only: str, first: float = 20.0) -> list[Climber]:
    """One round, from `first` messages a second on."""
    async with AsyncExitStack() as stack:
        climbers: list[Climber] = []
        for name, open_server in candidates(only).items():
            running = await stack.enter_async_context(open_server())
            climbers.append(Climber(name, running, await joined(running, people)))
        rate = first
        while any(climber.is_up for climber in climbers):
            for climber in climbers:
                if climber.is_up:
                    await climber.climb(rate, seconds)
            rate *= FACTOR
        return climbers


def _row(name: str, people: int, climbers: list[Climber], results: dict[str, list[Climber]]) -> str:
    rate = statistics.median(climber.rate for climber in climbers)
    ratios = [_ratio(climbers, results.get(peer, [])) for peer in (FLOOR, NCHAN_NAME)]
    good = [climber.best for climber in climbers if climber.best is not None]
    if not good:
        return ROW.format(name, 0, 0, "–", *ratios, "–", "–", "–", climbers[-1].steps[-1])
    p95 = statistics.median(step.p95 for step in good)
    shares = (statistics.median(share) for share in zip(*(step.shares for step in good), strict=True))
    told = (f"{share:.0%}" for share in shares)
    return ROW.format(
        name, f"{rate * people:,.0f}", f"{rate:.0f}", f"{p95:.1f}", *ratios, *told, climbers[-1].steps[-1]
    )


def _ratio(climbers: list[Climber], peer: list[Climber]) -> str:
    """The median over the rounds, each against the peer's in the same round."""
    ratios = [one.rate / other.rate for one, other in zip(climbers, peer, strict=False) if other.rate]
    return f"{statistics.median(ratios):.2f}" if ratios else "–"
