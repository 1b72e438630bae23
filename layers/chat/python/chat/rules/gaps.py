"""The rule against skipping: no page reads past a recent gap in `seq`.

DynamoDB reads are read-committed, so for a moment message n+1 may be seen without n:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html#transaction-isolation
"""

from collections.abc import Sequence
from itertools import pairwise

from chat.rules.record import record

GAP_PATIENCE_MS = 10_000
"""A gap whose later neighbour is this recent may yet be filled; an older one is history that is gone. A deployment
may say otherwise."""


@record(frozen=True, slots=True)
class Recency:
    """Which instants (ms) are recent: those after `since`.

    What is stamped later than `until` is ahead of every clock that is right, and its order is all that the stamp says.
    So the instant counts at which it was written, if that is known.
    """

    since: int
    until: int

    def covers(self, stamp: int, written_at: int | None = None) -> bool:
        is_ahead = written_at and stamp > self.until
        return ((written_at or 0) if is_ahead else stamp) > self.since


EVERYTHING = Recency(0, 10**14)
"""What is recent for somebody who does not know what time it is."""


@record(frozen=True, slots=True)
class Numbered:
    """Where a number stands: a message by its instant (ms) and `seq`. Messages from before numbering have
    none. `written_at` (ms) is when it was written, where that is known and the instant is far from it."""

    ts: int
    seq: int | None
    written_at: int | None = None


UNKNOWN = Numbered(0, None)
"""What is not known, and so never makes a gap."""


def before_recent_gap(row: Sequence[Numbered], recency: Recency, *, forward: bool) -> int | None:
    """How many of `row`, in the order of reading, come before the first recent gap; `None` without one."""
    rising = row if forward else row[::-1]
    settled = 0
    for place, spot in enumerate(rising):
        if spot.seq is not None and not recency.covers(spot.ts, spot.written_at):
            settled = place  # numbers are given out one after the other, so all before it are as old
    gaps = [
        place
        for place, (older, newer) in enumerate(pairwise(rising), start=1)
        if place > settled and older.seq is not None and newer.seq is not None and newer.seq - older.seq > 1
    ]
    if not gaps:
        return None
    return gaps[0] if forward else len(row) - gaps[-1]
