"""Rounds of chaos, several at once, until so many faults were met; of the first that fails, the smallest schedule that does."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TextIO

import aiohttp

from proving.chaos.faults import Fault, as_text, minimise, schedule
from proving.chaos.history import Violation, judge
from proving.chaos.lines import asked_of
from proving.chaos.proxy import Proxy, proxying
from proving.chaos.workload import Round
from proving.check import Failed
from proving.client import Client, Unreachable
from proving.endpoint import Endpoint
from proving.mapping import Mapping as ChatMapping
from proving.people import FEWEST, Person
from proving.run import clean_up
from proving.world import Run

PASSAGES = 1_000
"""Of each person on each channel, up to which a round's schedule has faults."""
LEAST_A_ROUND = 20
"""Faults that a round meets at the least, by which the number of rounds is bounded."""
USUAL_A_ROUND = 300
"""Faults that a round is taken to meet until one has ended."""
CAST = 4
"""People of a round."""

Cast = tuple[Person, ...]
Found = tuple[list[Violation], list[Fault]]
"""What is wrong with a round, and the faults that it met."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a run is to do. `seed`: of its first round, each other's is one higher; `at_once`: rounds, of a cast each;
    `given`: one round of these faults and no others; the rest as of a `Request`."""

    seed: int
    faults: int
    rooms: int
    share: float
    trials: int
    at_once: int
    patience_s: float
    given: Sequence[Fault] | None = None

    @property
    def most_rounds(self) -> int:
        return 1 if self.given is not None else max(2, -(-self.faults // LEAST_A_ROUND))

    def schedule(self, seed: int, people: int) -> Sequence[Fault]:
        return schedule(seed, people, PASSAGES, self.share) if self.given is None else self.given


def casts_of(people: Sequence[Person]) -> tuple[Cast, ...]:
    """Of four people each, in their order; of three where there are no more. Who is left over takes no part."""
    size = min(CAST, len(people))
    if size < FEWEST:
        raise ValueError(f"{len(people)} people")
    return tuple(tuple(people[at : at + size]) for at in range(0, len(people) - size + 1, size))


@dataclass(slots=True)
class Chaos:
    """One run's endpoint and what it has met so far. `met`: faults by kind; `on`: by what they hit; `judged`: rounds that
    came so far; `seconds`: that the rounds took; `failed_seed`, `schedule`: of the round that failed, and its smallest schedule that was seen to, as text."""

    where: Endpoint
    mapping: ChatMapping
    casts: Sequence[Cast]
    http: aiohttp.ClientSession
    asked: Asked
    out: TextIO
    met: Counter[str] = field(default_factory=Counter)
    on: Counter[str] = field(default_factory=Counter)
    left: list[str] = field(default_factory=list)
    sends: int = 0
    rounds: int = 0
    judged: int = 0
    seconds: float = 0.0
    failed_seed: int | None = None
    schedule: str = ""

    @property
    def faults(self) -> int:
        return self.met.total()

    async def round(self, cast: Cast, seed: int, faults: Sequence[Fault]) -> Found:
        """Its rooms are ended, also where it is cancelled. Raises `Unreachable` where a room cannot even be made without
        faults."""
        direct = Run(
            Client(self.where, self.mapping.header, self.http, self.asked.patience_s), self.mapping, cast
        )
        proxy = Proxy(self.where, self.mapping.header, self.http, faults)
        try:
            async with proxying(proxy) as address:
                made = Round(direct, proxy, address, seed, self.asked.rooms)
                try:
                    history = await made.run()
                except Failed as failure:
                    return [Violation("chaos.answered", str(failure))], proxy.applied
        finally:
            self.left += [f"{room.id}: {why}" for room, why in await clean_up(direct)]
        self.sends += len(history.sent)
        self.judged += 1
        asked = asked_of(self.mapping)
        return [each for each in judge(history) if each.line in asked], proxy.applied

    def told(self) -> dict[str, Any]:
        """For the report in JSON."""
        return {
            "seed": self.asked.seed,
            "rounds": self.rounds,
            "sends": self.sends,
            "failedSeed": self.failed_seed,
            "schedule": self.schedule,
            "faults": dict(self.met),
            "on": dict(self.on),
            "seconds": round(self.seconds, 1),
        }

    async def run(self) -> tuple[list[Violation], bool]:
        """The violations of the first round that has any, and whether enough faults were met."""
        running: dict[asyncio.Task[Found], tuple[int, float]] = {}
        began = time.monotonic()
        try:
            while True:
                while self._wants(len(running)):
                    task = asyncio.create_task(self._numbered(self.rounds))
                    running[task] = (self.rounds, time.monotonic())
                    self.rounds += 1
                if not running:
                    return [], self.asked.given is not None or self.faults >= self.asked.faults
                done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    number, since = running.pop(task)
                    violations, applied = self._ended(number, task, since)
                    if violations:
                        await _cancelled(running)
                        self.seconds = time.monotonic() - began
                        await self._minimise(number, applied, violations)
                        return violations, True
        finally:
            self.seconds = self.seconds or time.monotonic() - began
            await _cancelled(running)

    def _wants(self, running: int) -> bool:
        """Whether one more round is begun: no more than will be needed, by what a round has met so far."""
        ended = self.rounds - running
        each = self.faults / ended if ended else USUAL_A_ROUND
        is_needed = self.faults + running * each < self.asked.faults
        return running < self.asked.at_once and self.rounds < self.asked.most_rounds and is_needed

    def _cast(self, number: int) -> Cast:
        return self.casts[number % len(self.casts)]

    async def _numbered(self, number: int) -> Found:
        cast, seed = self._cast(number), self.asked.seed + number
        try:
            return await self.round(cast, seed, self.asked.schedule(seed, len(cast)))
        except Unreachable as failure:
            return [Violation("chaos.answered", f"without any fault: {failure}")], []

    def _ended(self, number: int, task: asyncio.Task[Found], since: float) -> Found:
        violations, applied = task.result()
        self.met.update(each.kind for each in applied)
        self.on.update(each.channel for each in applied)
        print(
            f"round {number + 1}, seed {self.asked.seed + number}: {len(applied)} faults in {time.monotonic() - since:.1f} s, "
            f"{self.faults} so far, {len(violations)} violations",
            file=self.out,
            flush=True,
        )
        return violations, applied

    async def _minimise(self, number: int, applied: Sequence[Fault], violations: Sequence[Violation]) -> None:
        """Alone, with the same people. Says first what was seen, since it takes a while."""
        seed, lines = self.asked.seed + number, {each.line for each in violations}
        for line in sorted(lines):
            seen = next(each.seen for each in violations if each.line == line)
            print(f"  {line}: {seen}", file=self.out, flush=True)

        async def fails(faults: Sequence[Fault]) -> bool:
            try:
                again, _ = await self.round(self._cast(number), seed, faults)
            except Unreachable:
                return False
            return bool(lines & {each.line for each in again})

        smallest = await minimise(sorted(applied), fails, self.asked.trials)
        self.failed_seed, self.schedule = seed, as_text(smallest)
        print(
            f"the smallest schedule that was seen to fail has {len(smallest)} of {len(applied)} faults:\n"
            f'  --seed {seed} --schedule "{self.schedule}"',
            file=self.out,
            flush=True,
        )


async def _cancelled(running: dict[asyncio.Task[Found], tuple[int, float]]) -> None:
    """Each takes away its rooms."""
    for each in running:
        each.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    running.clear()
