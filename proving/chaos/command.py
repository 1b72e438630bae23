"""`make chaos`: rounds until so many faults were met, a line for each promise, and the smallest schedule that fails."""

import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import aiohttp

from proving import report
from proving.chaos.faults import Fault, as_text, minimise, read, schedule
from proving.chaos.history import LINES, Violation, judge
from proving.chaos.proxy import Proxy, proxying
from proving.chaos.workload import PER_ROOM, Round
from proving.check import Check, Cost, Failed
from proving.client import Client, Unreachable
from proving.conformance import OWN, people_of
from proving.endpoint import Endpoint, endpoint
from proving.limits import PATIENCE_S
from proving.mapping import Mapping as ChatMapping
from proving.mapping import load
from proving.people import Person
from proving.run import Plan, Result, clean_up, skipped
from proving.world import Run, World

PASSAGES = 150
"""Of each person on each channel, up to which a round's schedule has faults."""
LEAST_A_ROUND = 20
"""Faults that a round meets at the least, by which the number of rounds is bounded."""
MOST_FAULTS, MOST_ROOMS, PEOPLE = 1_000_000, 10, 4
SOURCE = "docs/delivery.md"


class BadChaos(Exception):
    """An argument that is not used. The text says which."""


@dataclass(frozen=True, slots=True)
class Request:
    """`faults`: so many are to be met; `share`: of all passages; `trials`: rounds that minimising may take; `schedule`: one
    round of these faults and no others; the rest as of a conformance run."""

    url: str
    tokens: Path
    realtime: str | None = None
    mapping: Path = OWN
    owned: Sequence[str] = ()
    is_plan: bool = False
    json: Path | None = None
    junit: Path | None = None
    seed: int | None = None
    faults: int = 500
    rooms: int = 3
    share: float = 0.4
    trials: int = 30
    schedule: str | None = None
    patience_s: float = PATIENCE_S


@dataclass(slots=True)
class Chaos:
    """One run's endpoint and what it has met so far. `seed`: of its first round; `schedule`: the smallest that was seen to
    fail, as text."""

    where: Endpoint
    mapping: ChatMapping
    people: tuple[Person, ...]
    http: aiohttp.ClientSession
    request: Request
    met: Counter[str] = field(default_factory=Counter)
    left: list[str] = field(default_factory=list)
    sends: int = 0
    seed: int = 0
    rounds: int = 0
    schedule: str = ""

    async def round(self, seed: int, faults: Sequence[Fault]) -> tuple[list[Violation], list[Fault]]:
        """What is wrong, and the faults that were met. Its rooms are ended. Raises `Failed` and `Unreachable` where a
        room cannot even be made without faults."""
        direct = Run(
            Client(self.where, self.mapping.header, self.http, self.request.patience_s),
            self.mapping,
            self.people,
        )
        proxy = Proxy(self.where, self.mapping.header, self.http, faults)
        try:
            async with proxying(proxy) as address:
                made = Round(direct, proxy, address, seed, self.request.rooms)
                try:
                    history = await made.run()
                except Failed as failure:
                    return [Violation("chaos.answered", str(failure))], proxy.applied
        finally:
            self.left += [f"{room.id}: {why}" for room, why in await clean_up(direct)]
        self.sends += len(history.sent)
        unasked = {each.id for each in checks() if skipped(each, self.mapping)}
        return [each for each in judge(history) if each.line not in unasked], proxy.applied

    def told(self) -> dict[str, Any]:
        """For the report in JSON."""
        names = ("seed", "rounds", "sends", "schedule")
        return {name: getattr(self, name) for name in names} | {"faults": dict(self.met)}


async def _nothing(_: World) -> None:
    """A line of chaos is asked by rounds, not by a body."""


def checks() -> list[Check]:
    """The lines as checks, for the reports."""
    return [
        Check(name, title, SOURCE, tuple(needs.split()), Cost(), _nothing)
        for name, (title, needs) in LINES.items()
    ]


def most_rounds(request: Request) -> int:
    return 1 if request.schedule is not None else max(2, -(-request.faults // LEAST_A_ROUND))


def _checked(request: Request) -> tuple[Fault, ...] | None:
    """The schedule that is asked for, if one is. Raises `BadChaos` and `BadSchedule`."""
    if not 1 <= request.faults <= MOST_FAULTS or not 1 <= request.rooms <= MOST_ROOMS:
        raise BadChaos(f"--faults is 1 to {MOST_FAULTS}, --rooms 1 to {MOST_ROOMS}.")
    if not 0 <= request.share <= 0.8 or not 0 <= request.trials <= 1_000:
        raise BadChaos("--share is 0 to 0.8, --trials 0 to 1000.")
    return None if request.schedule is None else read(request.schedule)


async def chaos(request: Request, out: TextIO) -> int:
    """The exit status: 0 where nothing is wrong, enough faults were met, and nothing is left behind. Raises `BadAddress`,
    `BadMapping`, `BadTokens`, `BadChaos`, `BadSchedule` and `OSError` before anything is asked."""
    given = _checked(request)
    where = endpoint(request.url, request.realtime, request.owned)
    mapping = load(request.mapping)
    people = people_of(request.tokens)[:PEOPLE]
    seed = random.SystemRandom().randrange(1_000_000_000) if request.seed is None else request.seed
    rounds = most_rounds(request)
    cost = Cost(request.rooms * rounds, request.rooms * rounds * PER_ROOM, 0)
    print(
        f"At most {rounds} rounds at {where.url}, as {', '.join(each.user_id for each in people)}: each makes {request.rooms} rooms with at most "
        f"{PER_ROOM} messages each, and ends them; on a failure at most {request.trials} rounds more. Seed {seed}.",
        file=out,
        flush=True,
    )
    if request.is_plan:
        return 0
    async with aiohttp.ClientSession(
        cookie_jar=aiohttp.DummyCookieJar(), connector=aiohttp.TCPConnector(limit=0)
    ) as http:
        found = Chaos(where, mapping, people, http, request, seed=seed)
        began = time.monotonic()
        violations, is_enough = await _rounds(found, given, out)
    results = _results(mapping, violations, time.monotonic() - began)
    _tell(found, results, time.monotonic() - began, out)
    if request.json:
        told = found.told() | {"isEnough": is_enough}
        text = report.as_json(where.url, mapping.name, Plan(checks(), cost), results, found.left, chaos=told)
        request.json.write_text(text, encoding="utf-8")
    if request.junit:
        request.junit.write_text(report.as_junit(results, "chaos"), encoding="utf-8")
    if not is_enough:
        print(f"fewer faults were met than {request.faults}: nothing is proven", file=out)
    return int(bool(violations) or bool(found.left) or not is_enough)


async def _rounds(found: Chaos, given: Sequence[Fault] | None, out: TextIO) -> tuple[list[Violation], bool]:
    """The violations of the first round that has any, and whether enough faults were met."""
    request, seed = found.request, found.seed
    for number in range(most_rounds(request)):
        found.rounds += 1
        faults = (
            schedule(seed + number, len(found.people), PASSAGES, request.share) if given is None else given
        )
        began = time.monotonic()
        try:
            violations, applied = await found.round(seed + number, faults)
        except Unreachable as failure:
            return [Violation("chaos.answered", f"without any fault: {failure}")], True
        found.met.update(each.kind for each in applied)
        met = sum(found.met.values())
        print(
            f"round {number + 1}, seed {seed + number}: {len(applied)} faults in {time.monotonic() - began:.1f} s, "
            f"{met} so far, {len(violations)} violations",
            file=out,
            flush=True,
        )
        if violations:
            await _minimise(found, seed + number, applied, violations, out)
            return violations, True
        if given is not None or met >= request.faults:
            return [], True
    return [], False


async def _minimise(
    found: Chaos, seed: int, applied: Sequence[Fault], violations: Sequence[Violation], out: TextIO
) -> None:
    lines = {each.line for each in violations}
    for line in sorted(lines):
        seen = next(each.seen for each in violations if each.line == line)
        print(f"  {line}: {seen}", file=out, flush=True)

    async def fails(faults: Sequence[Fault]) -> bool:
        try:
            again, _ = await found.round(seed, faults)
        except Unreachable:
            return False
        return bool(lines & {each.line for each in again})

    smallest = await minimise(sorted(applied), fails, found.request.trials)
    print(
        f"the smallest schedule that was seen to fail has {len(smallest)} of {len(applied)} faults:", file=out
    )
    found.schedule = as_text(smallest)
    print(f'  --seed {seed} --schedule "{found.schedule}"', file=out, flush=True)


def _results(mapping: ChatMapping, violations: Sequence[Violation], seconds: float) -> list[Result]:
    results = []
    for each in checks():
        seen = [one.seen for one in violations if one.line == each.id]
        reason = skipped(each, mapping)
        if reason:
            results.append(Result(each, "skip", reason, 0.0))
        elif seen:
            more = f" (and {len(seen) - 1} more)" if len(seen) > 1 else ""
            results.append(Result(each, "fail", seen[0] + more, seconds))
        else:
            results.append(Result(each, "pass", "", seconds))
    return results


def _tell(found: Chaos, results: Sequence[Result], seconds: float, out: TextIO) -> None:
    for each in results:
        print({"pass": "✓", "fail": "✗", "skip": "–"}[each.status], report.line(each), file=out)
    for room in found.left:
        print(f"left behind: {room}", file=out)
    met = sum(found.met.values())
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(found.met.items()))
    print(
        f"{met} faults ({kinds}), {found.sends} sends, {met / max(seconds, 0.001):.1f} faults a second",
        file=out,
    )
    print(report.summary(results), file=out, flush=True)
