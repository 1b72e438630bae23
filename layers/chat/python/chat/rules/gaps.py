"""The rule against skipping: no page reads past a recent gap in `seq`.

DynamoDB reads are read-committed, so for a moment message n+1 may be seen without n:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html#transaction-isolation
"""

from collections.abc import Sequence
from itertools import pairwise

from chat.rules.record import record

RECENT_MS = 10_000
"""A gap whose later neighbour is this recent may yet be filled; an older one is history that is gone."""


@record(frozen=True, slots=True)
class Numbered:
    """Where a number stands: a message by its instant (ms) and `seq`. Messages from before numbering have
    none."""

    ts: int
    seq: int | None


UNKNOWN = Numbered(0, None)
"""What is not known, and so never makes a gap."""


def is_recent(ts: int, now: int) -> bool:
    return now - ts < RECENT_MS


def before_recent_gap(row: Sequence[Numbered], now: int, *, forward: bool) -> int | None:
    """How many of `row`, in the order of reading, come before the first recent gap; `None` without one."""
    for count, (one, other) in enumerate(pairwise(row), start=1):
        older, newer = (one, other) if forward else (other, one)
        if older.seq is None or newer.seq is None or not is_recent(newer.ts, now):
            continue
        if newer.seq - older.seq > 1:
            return count
    return None
