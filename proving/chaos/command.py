"""`make chaos`: rounds until so many faults were met, a line for each promise, and the smallest schedule that fails."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import aiohttp

from proving import report
from proving.chaos.faults import read
from proving.chaos.history import Violation
from proving.chaos.lines import checks
from proving.chaos.rounds import Asked, Cast, Chaos, casts_of
from proving.chaos.workload import PER_ROOM
from proving.check import Cost
from proving.client import Client
from proving.conformance import OWN, people_of
from proving.endpoint import Endpoint, endpoint
from proving.limits import PATIENCE_S
from proving.mapping import load
from proving.preflight import answers, listens, writable
from proving.run import Plan, Result, skipped

MOST_FAULTS, MOST_ROOMS, AT_ONCE = 1_000_000, 10, 6


class BadChaos(Exception):
    """An argument that is not used. The text says which."""


@dataclass(frozen=True, slots=True)
class Request:
    """`faults`: so many are to be met; `share`: of all passages; `at_once`: rounds, as far as the file has people for them;
    `trials`: rounds that minimising may take; `schedule`: one round of these faults and no others; the rest as of a
    conformance run."""

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
    share: float = 0.5
    at_once: int = AT_ONCE
    trials: int = 30
    schedule: str | None = None
    patience_s: float = PATIENCE_S


def _asked(request: Request, casts: int) -> Asked:
    """What a run with so many casts is to do. Raises `BadChaos` and `BadSchedule`."""
    if not 1 <= request.faults <= MOST_FAULTS or not 1 <= request.rooms <= MOST_ROOMS:
        raise BadChaos(f"--faults is 1 to {MOST_FAULTS}, --rooms 1 to {MOST_ROOMS}.")
    if not 0 <= request.share <= 0.8 or not 0 <= request.trials <= 1_000 or request.at_once < 1:
        raise BadChaos("--share is 0 to 0.8, --trials 0 to 1000, --at-once 1 or more.")
    return Asked(
        random.SystemRandom().randrange(1_000_000_000) if request.seed is None else request.seed,
        request.faults,
        request.rooms,
        request.share,
        request.trials,
        min(request.at_once, casts),
        request.patience_s,
        None if request.schedule is None else read(request.schedule),
    )


def _planned(asked: Asked, where: Endpoint, casts: Sequence[Cast]) -> str:
    people = [each.user_id for cast in casts for each in cast]
    named = ", ".join(people) if len(casts) == 1 else f"{people[0]} to {people[-1]}, {len(casts[0])} in each"
    return (
        f"At most {asked.most_rounds} rounds at {where.url}, {asked.at_once} at once, as {named}: each makes {asked.rooms} rooms with "
        f"at most {PER_ROOM} messages each, and ends them; on a failure at most {asked.trials} rounds more. Seed {asked.seed}."
    )


async def chaos(request: Request, out: TextIO) -> int:
    """The exit status: 0 where nothing is wrong, enough faults were met, and nothing is left behind. Raises `BadAddress`,
    `BadMapping`, `BadTokens`, `BadChaos`, `BadSchedule` and `OSError` before anything is asked, `NotReady` before anything is made."""
    where = endpoint(request.url, request.realtime, request.owned)
    mapping = load(request.mapping)
    casts = casts_of(people_of(request.tokens))
    asked = _asked(request, len(casts))
    print(_planned(asked, where, casts), file=out, flush=True)
    if request.is_plan:
        return 0
    writable(request.json, request.junit)
    async with aiohttp.ClientSession(
        cookie_jar=aiohttp.DummyCookieJar(), connector=aiohttp.TCPConnector(limit=0)
    ) as http:
        client = Client(where, mapping.header, http, request.patience_s)
        await answers(client, (each for cast in casts for each in cast))
        if "subscribe" in mapping.operations:
            await listens(client, casts[0][0])  # else it would be told nothing, and nothing wrong
        found = Chaos(where, mapping, casts, http, asked, out)
        violations, is_enough = await found.run()
    results = _results(found, violations)
    _tell(found, results, out)
    _write(request, found, results, is_enough=is_enough)
    if not is_enough:
        print(f"fewer faults were met than {request.faults}: nothing is proven", file=out)
    return int(bool(violations) or bool(found.left) or not is_enough)


def _write(request: Request, found: Chaos, results: Sequence[Result], *, is_enough: bool) -> None:
    if request.json:
        most = found.asked.rooms * found.asked.most_rounds
        planned = Plan(checks(), Cost(most, most * PER_ROOM, 0))
        told = found.told() | {"isEnough": is_enough}
        text = report.as_json(found.where.url, found.mapping.name, planned, results, found.left, chaos=told)
        request.json.write_text(text, encoding="utf-8")
    if request.junit:
        request.junit.write_text(report.as_junit(results, "chaos"), encoding="utf-8")


def _results(found: Chaos, violations: Sequence[Violation]) -> list[Result]:
    """A line passes only where a round came so far that it was judged."""
    results = []
    for each in checks():
        seen = [one.seen for one in violations if one.line == each.id]
        reason = skipped(each, found.mapping) or ("" if seen or found.judged else "no round could be judged")
        if reason:
            results.append(Result(each, "skip", reason, 0.0))
        elif seen:
            more = f" (and {len(seen) - 1} more)" if len(seen) > 1 else ""
            results.append(Result(each, "fail", seen[0] + more, found.seconds))
        else:
            results.append(Result(each, "pass", "", found.seconds))
    return results


def _tell(found: Chaos, results: Sequence[Result], out: TextIO) -> None:
    for each in results:
        print({"pass": "✓", "fail": "✗", "skip": "–"}[each.status], report.line(each), file=out)
    for room in found.left:
        print(f"left behind: {room}", file=out)
    kinds, on = (
        ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
        for counts in (found.met, found.on)
    )
    print(
        f"{found.faults} faults ({kinds}) on {on or 'nothing'}; {found.sends} sends, {found.rounds} rounds, seeds {found.asked.seed} to "
        f"{found.asked.seed + found.rounds - 1}, {found.faults / max(found.seconds, 0.001):.1f} faults a second",
        file=out,
    )
    print(report.summary(results), file=out, flush=True)
