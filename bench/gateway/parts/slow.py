"""`slow`: five people in a hundred stop reading. The others must not notice, and the slow ones lose
nothing."""

from contextlib import suppress
from dataclasses import dataclass

from bench.gateway.candidates import candidates
from bench.gateway.crowd import Crowd
from bench.gateway.deliveries import Deliveries
from bench.gateway.gateway_server import Gateway
from bench.gateway.publishing import SIZE, joined, publish
from bench.gateway.servers import Open, Running
from bench.gateway.usage import watched

SHARE = 0.05
RATE = 20.0
WAIT_SECONDS = 15.0
ROW = "{:28} {:>6} {:>5} {:>9} {:>8} {:>6} {:>8} {:>8} {:>8} {:>8} {:>8} {:>14}"
TITLES = (
    "server", "others", "slow", "received", "lost", "faults", "cut off", "p50 ms", "p95 ms", "p99 ms", "RSS MiB", "closed by code",
)  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """`closed`: connections that the gateway closed, by code. `late` and `late_lost`: the slow ones',
    after they resumed reading; `None` where nobody can come back from where they were."""

    others: Deliveries
    lost: int
    rss_kb: int
    closed: dict[str, int]
    late: Deliveries | None
    late_lost: int

    def row(self, name: str, people: int, count: int) -> str:
        others = self.others
        closed = ", ".join(f"{times} × {code}" for code, times in self.closed.items()) or "–"
        return ROW.format(
            name, people - count, count, others.received, self.lost, others.duplicates + others.out_of_order, others.losses,
            f"{others.ms(0.5):.1f}", f"{others.ms(0.95):.1f}", f"{others.ms(0.99):.1f}", f"{self.rss_kb / 1024:.0f}", closed,
        )  # fmt: skip

    def afterwards(self) -> str:
        late = self.late
        if late is None:
            return "  nobody can come back from where they were"
        return (
            f"  the slow ones resumed reading: {late.losses} came back, {late.replayed} messages replayed, lost {self.late_lost},"
            f" duplicates {late.duplicates}, out of order {late.out_of_order}, resets {late.resets}"
        )


async def slow(people: int, seconds: float, size: int = SIZE) -> None:
    """Of so many people; messages of so many bytes for so long."""
    count = max(1, int(people * SHARE))
    print(
        f"\n{count} of {people} people stop reading, {RATE:.0f} messages a second of {size} bytes for {seconds:.0f} s"
    )
    print(ROW.format(*TITLES))
    for name, open_server in candidates("gateway,FastAPI").items():
        outcome = await stall(open_server, people, count, seconds, size)
        print(f"{outcome.row(name, people, count)}\n{outcome.afterwards()}", flush=True)


async def stall(open_server: Open, people: int, count: int, seconds: float, size: int) -> Outcome:
    """`count` of `people` stop reading."""
    async with open_server() as running:
        others = await joined(running, people - count)
        behind = await joined(running, count, is_narrow=True)
        behind.returns_s = 1.0 if isinstance(running, Gateway) else None
        for member in behind.members:
            member.stop_reading()
        with watched(running.process.pid) as watch:
            await publish(running, others, RATE, seconds, size)
            lost = await others.received(running.sent * (people - count), WAIT_SECONDS)
        closed: dict[str, int] = {}
        late, late_lost = None, 0
        if isinstance(running, Gateway):
            closed = await running.metric("chat_gateway_closes_total")
            late, late_lost = behind.deliveries, await _resume_reading(running, behind)
        await others.leave()
        await behind.leave()
        return Outcome(others.deliveries, lost, watch.rss_kb, closed, late, late_lost)


async def _resume_reading(running: Running, behind: Crowd) -> int:
    """Who was closed notices it now, and comes back from where it was. How many messages did not come."""
    for member in behind.members:
        member.resume_reading()
    lost = await behind.received(running.sent * len(behind.members), WAIT_SECONDS)
    with suppress(TimeoutError):
        await behind.until(lambda: behind.ready == len(behind.members), 5.0)
    return lost
