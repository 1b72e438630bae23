"""Asks the checks, one after the other, and takes away what they made."""

import fnmatch
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from proving.check import Check, Cost, Failed, Skipped
from proving.client import Unreachable
from proving.limits import CONNECTIONS, MESSAGES, ROOMS
from proving.mapping import Mapping as ChatMapping
from proving.people import FEWEST, Person
from proving.world import Room, Run, World

NO_GAPS: Mapping[str, str] = MappingProxyType({})
PASSES = "it is among the known gaps, and passes: take it from the list"
Status = Literal["pass", "fail", "skip"]


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a check. `reason`: what was seen, or why it was not asked; empty where it passed."""

    check: Check
    status: Status
    reason: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Plan:
    """The checks that are asked, and the most that they make, the shared rooms included."""

    checks: Sequence[Check]
    cost: Cost

    def __str__(self) -> str:
        return (
            f"{len(self.checks)} checks will make at most {self.cost.rooms} rooms, {self.cost.messages} messages and "
            f"{self.cost.connections} connections"
        )


class BadPlan(Exception):
    """A plan beyond the ceilings, or of checks that there are not."""


def plan(checks: Collection[Check], mapping: ChatMapping, only: Sequence[str] = ()) -> Plan:
    """`only`: patterns of checks' ids. Raises `BadPlan`."""
    if unknown := [p for p in only if not any(fnmatch.fnmatchcase(each.id, p) for each in checks)]:
        raise BadPlan(f"There is no check {', '.join(unknown)}.")
    chosen = [each for each in checks if not only or any(fnmatch.fnmatchcase(each.id, p) for p in only)]
    chosen.sort(key=lambda each: each.id.partition(".")[0])  # what AppSync promises first
    asked = [each for each in chosen if not skipped(each, mapping)]
    cost = sum((each.cost for each in asked), Cost(rooms=FEWEST if asked else 0))
    if cost.rooms > ROOMS or cost.messages > MESSAGES or cost.connections > CONNECTIONS:
        raise BadPlan(f"{cost} is above {ROOMS} rooms, {MESSAGES} messages or {CONNECTIONS} connections")
    return Plan(chosen, cost)


def reason_for(check: Check, patterns: Mapping[str, str]) -> str:
    """The reason of the first pattern that a check's id matches; empty where none does."""
    found = (reason for pattern, reason in patterns.items() if fnmatch.fnmatchcase(check.id, pattern))
    return next(found, "")


def skipped(check: Check, mapping: ChatMapping) -> str:
    """Why a check is not asked; empty: it is."""
    if reason := reason_for(check, mapping.not_promised):
        return f"not promised: {reason}"
    missing = [each for each in check.needs if each not in mapping.operations]
    return f"the mapping has no operation {', '.join(missing)}" if missing else ""


def world(run: Run, check: Check, turn: int) -> World:
    """People take turns, so that nobody's rate limit is met by one of them alone."""
    first: tuple[Person, ...] = run.people[:FEWEST]
    owner, member, stranger = (first[(turn + place) % FEWEST] for place in range(FEWEST))
    return World(run, owner, member, stranger, check.cost)


async def ask(run: Run, check: Check, turn: int, gaps: Mapping[str, str] = NO_GAPS) -> Result:
    """One check's result. `gaps`: see `ask_all`. Anything but a promise that is not kept is a fault of this program, and
    is raised."""
    began = time.monotonic()
    status: Status = "pass"
    if reason := skipped(check, run.mapping):
        status = "skip"
    else:
        try:
            await check.body(world(run, check, turn))
        except Skipped as skip:
            status, reason = "skip", str(skip)
        except Failed as failure:
            status, reason = "fail", str(failure)
        except Unreachable as failure:
            status, reason = "fail", str(failure)
    if status != "skip" and (gap := reason_for(check, gaps)):
        status, reason = ("skip", f"known gap: {gap}; {reason}") if status == "fail" else ("fail", PASSES)
    return Result(check, status, reason, time.monotonic() - began)


async def ask_all(
    run: Run, checks: Sequence[Check], tell: Callable[[Result], None], gaps: Mapping[str, str] = NO_GAPS
) -> list[Result]:
    """`tell` is called with each result as it comes. `gaps`: what an endpoint is known to lack, by patterns of checks:
    these are asked all the same, so that the list shrinks with what is mended."""
    results = []
    for turn, check in enumerate(checks):
        result = await ask(run, check, turn, gaps)
        tell(result)
        results.append(result)
    return results


async def clean_up(run: Run) -> list[tuple[Room, str]]:
    """Ends every room that was made; those that are left, each with why."""
    left = []
    nobody = Check("clean-up", "", "", (), Cost(), _nothing)
    for room in run.rooms:
        if room.id in run.ended:
            continue
        if "end_room" not in run.mapping.operations:
            left.append((room, "the mapping has no operation end_room"))
            continue
        try:
            await world(run, nobody, 0).done(room.owner, "end_room", room=room.id)
            run.ended.add(room.id)
        except (Failed, Unreachable) as failure:
            left.append((room, str(failure)))
    return left


async def _nothing(_: World) -> None:
    """What is asked for the clean-up."""
