"""What is left of a person whose data was erased: the form that stands for senders, and ranges of message numbers.

Article 17 of the GDPR: https://eur-lex.europa.eu/eli/reg/2016/679/oj#art_17
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from chat.rules.rooms import ERASED

Ranges = Sequence[tuple[int, int]]
"""Message numbers, each as the first and the last of a run, ascending and apart from each other."""

ERASED_SENDER = "erased:" + "0" * 128
"""The sender of every message whose sender was erased. One form for all of them: nobody learns from it which messages were
one person's. It has the reserved form of `chat/rules/rooms.py:ERASED`, so that no token and no argument can name it."""

_RESERVED = re.compile(ERASED)

MOST_RANGES = 2_000
"""How many runs one change entry names: some 60 kB as JSON on the wire, where AppSync publishes 240 kB at the most."""


def ban_form(pseudonym: str) -> str:
    """The form under which a ban outlasts the erasure of whom it keeps out: the reserved one, too, so that no token can name
    it. `pseudonym` is a keyed one, of the person in this room."""
    return f"erased:{hashlib.sha512(pseudonym.encode()).hexdigest()}"


def is_ban_form(value: object) -> bool:
    """Whether `value` may be one of these."""
    return isinstance(value, str) and value != ERASED_SENDER and _RESERVED.fullmatch(value) is not None


def ranges_of(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """The runs of these numbers, in whatever order and however often they come."""
    runs: list[tuple[int, int]] = []
    for number in sorted(set(numbers)):
        if runs and runs[-1][1] == number - 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs


def joined(ranges: Ranges) -> list[tuple[int, int]]:
    """Runs that may overlap, as runs that do not."""
    runs: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if runs and first <= runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], max(runs[-1][1], last))
        else:
            runs.append((first, last))
    return runs


def packed(ranges: Ranges) -> str:
    """As an attribute of a change entry: `1-5,7`."""
    return ",".join(f"{first}" if first == last else f"{first}-{last}" for first, last in ranges)


def unpacked(text: str) -> list[tuple[int, int]]:
    """What `packed` wrote. Raises `ValueError` for anything else."""
    runs = []
    for each in text.split(",") if text else ():
        first, _, last = each.partition("-")
        runs.append((int(first), int(last or first)))
    return runs


def to_wire(ranges: Ranges) -> list[Mapping[str, int]]:
    """The schema's `SeqRange`s."""
    return [{"from": first, "to": last} for first, last in ranges]


def from_seq(ranges: Ranges, least: int) -> list[tuple[int, int]]:
    """What lies at `least` or above."""
    return [(max(first, least), last) for first, last in ranges if last >= least]


def count_between(ranges: Ranges, above: int, below: int) -> int:
    """How many of their numbers are greater than `above` and less than `below`."""
    return sum(max(0, min(last, below - 1) - max(first, above + 1) + 1) for first, last in ranges)


def covers(ranges: Ranges, number: int) -> bool:
    """Whether it is one of theirs."""
    return any(first <= number <= last for first, last in ranges)


def without_person(value: Any, user_id: str) -> Any:
    """JSON with the form for erased people wherever it named this person."""
    if isinstance(value, dict):
        return {name: without_person(each, user_id) for name, each in value.items()}
    if isinstance(value, list):
        return [without_person(each, user_id) for each in value]
    return ERASED_SENDER if value == user_id else value
