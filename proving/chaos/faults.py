"""Which request or frame meets which fault: from a seed, as text, and minimised. No I/O.

A schedule is fixed before a round begins and says `the third send of the first person`, so it is the same however the
requests of several people interleave.
"""

import random
import re
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Literal, cast

Channel = Literal["send", "call", "live"]
"""Sends; every other call over HTTP; what a WebSocket brings."""
KINDS: dict[Channel, tuple[str, ...]] = {
    "send": ("drop", "cut", "double", "late", "delay", "reorder", "slow"),
    "call": ("drop", "cut", "double", "delay", "reorder", "slow"),
    "live": ("drop", "cut", "double", "delay", "reorder", "slow"),
}
"""`drop`: a request or a frame goes no further. `cut`: an answer is lost after its request was served; a WebSocket ends.
`double`: served or brought twice. `late`: a send is served once more after it was answered. `delay`: held, with what
comes after it. `reorder`: held alone. `slow`: comes in pieces; of a WebSocket the next frames wait, too."""
MOST_MS = 60
TEXT = re.compile(r"(\d{1,3})/(send|call|live)/(\d{1,6}):([a-z]{3,8})=(\d{1,3})", re.ASCII)
MOST_FAULTS = 100_000


class BadSchedule(Exception):
    """A schedule that cannot be read. The text says which part."""


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """`person`: by their place; `number`: which of their passages on this channel, from 1; `ms`: for how long."""

    person: int
    channel: Channel
    number: int
    kind: str
    ms: int

    def __str__(self) -> str:
        return f"{self.person}/{self.channel}/{self.number}:{self.kind}={self.ms}"


def schedule(seed: int, people: int, passages: int, share: float) -> tuple[Fault, ...]:
    """Of the first `passages` of each person on each channel about `share` meet a fault. The same for a seed, always."""
    chance = random.Random(seed)  # noqa: S311  repeatable on purpose
    return tuple(
        Fault(person, channel, number, chance.choice(kinds), chance.randint(1, MOST_MS))
        for person in range(people)
        for channel, kinds in KINDS.items()
        for number in range(1, passages + 1)
        if chance.random() < share
    )


def as_text(faults: Collection[Fault]) -> str:
    """`0/send/3:cut=20,1/live/2:drop=5`: what `read` reads."""
    return ",".join(str(each) for each in sorted(faults))


def read(text: str) -> tuple[Fault, ...]:
    """Empty text is a schedule without faults. Raises `BadSchedule`."""
    found = []
    for part in filter(None, text.split(",")):
        match = TEXT.fullmatch(part.strip())
        if match is None or match[4] not in KINDS[cast(Channel, match[2])]:
            raise BadSchedule(f"{part.strip()[:40]!r} is no fault: 0/send/3:cut=20 is one.")
        found.append(
            Fault(
                int(match[1]), cast(Channel, match[2]), int(match[3]), match[4], min(int(match[5]), MOST_MS)
            )
        )
        if len(found) > MOST_FAULTS:
            raise BadSchedule(f"A schedule has at most {MOST_FAULTS} faults.")
    return tuple(found)


Fails = Callable[[Sequence[Fault]], Awaitable[bool]]


async def minimise(faults: Sequence[Fault], fails: Fails, trials: int) -> tuple[Fault, ...]:
    """A smaller schedule that still fails; no single fault can be left out of it, unless `trials` runs were too few.

    Delta debugging: Zeller and Hildebrandt, Simplifying and Isolating Failure-Inducing Input (2002), `ddmin` by complements.
    `faults` is known to fail.
    """
    left, parts = tuple(faults), 2
    if left and trials > 0:
        trials -= 1
        if await fails(()):
            return ()
    while len(left) >= 2:
        size = -(-len(left) // parts)
        for start in range(0, len(left), size):
            if trials <= 0:
                return left
            rest = left[:start] + left[start + size :]
            trials -= 1
            if rest and await fails(rest):
                left, parts = rest, max(parts - 1, 2)
                break
        else:
            if size == 1:
                return left
            parts = min(parts * 2, len(left))
    return left
