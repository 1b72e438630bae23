"""Which revisions of a room are missing in a run of its events."""

from collections.abc import Sequence

from chat.rules.generations import LEAP
from chat.rules.models import Head

Range = tuple[int, int]
"""The first and the last of revisions that follow each other."""


def missing(revs: Sequence[int], since: int, until: int, head: Head) -> list[Range]:
    """The revisions after `since` and up to `until` that are none of `revs`, which ascend. A generation's leap is no gap: no
    revision has ever had its numbers."""
    found: list[Range] = []
    known = since
    for rev in (*revs, until + 1):
        found += _between(known, rev, head)
        known = rev
    return found


def _between(before: int, after: int, head: Head) -> list[Range]:
    """What is missing between two revisions. As many leaps lie there as have room, and no more than there were."""
    count = after - before - 1
    leaps = min(count // LEAP, head.generation - 1)
    if not leaps:
        return [(before + 1, after - 1)] if count else []
    if not before < head.generation_rev < after:
        lost = count - leaps * LEAP  # a leap ends with a revision of its own, which is no event's
        return [(after - lost, after - 1)] if lost else []
    ranges = [(before + 1, head.generation_rev - leaps * LEAP), (head.generation_rev + 1, after - 1)]
    return [(first, last) for first, last in ranges if first <= last]
