"""The runs of a room's messages that were sent under one retention each, as its head keeps them.

A message keeps the expiry that it was sent with. So where a retention was made shorter and longer again, newer messages
expire before older ones; within a run they expire in the order of their numbers.

`{seq}.{ts}.{days}` for each run, oldest first, with spaces: the number and the instant (ms) of its first message, and
the days that its messages are kept. Nothing is written for a room whose retention has never changed.
"""

from collections.abc import Sequence
from typing import Self

from chat.rules.models import DAY_MS, Head
from chat.rules.record import record

MOST = 16
"""How many runs a head keeps. With more changes than that while their messages stand, the oldest two count as one."""


@record(frozen=True, slots=True)
class Run:
    """The messages from number `seq` on, of `ts` (ms) or later, up to the next run."""

    seq: int
    ts: int
    days: int

    @classmethod
    def parse(cls, text: str) -> Self:
        return cls(*map(int, text.split(".")))

    def __str__(self) -> str:
        return f"{self.seq}.{self.ts}.{self.days}"

    def has_expired(self, after: "Run", now: int) -> bool:
        """Whether all of it has, where `after` is the next."""
        return after.ts < now - self.days * DAY_MS


def runs_of(head: Head) -> Sequence[Run]:
    """Oldest first; messages before the first have expired. Of a head that has never said how long its messages are
    kept, none."""
    if head.retention_runs:
        return [Run.parse(text) for text in head.retention_runs.split(" ")]
    return [Run(0, 0, head.dated_days)] if head.dated_seq else []


def runs_with(head: Head, seq: int, ts: int, days: int) -> str:
    """The runs of a head whose next message, number `seq` at `ts` (ms), is kept for other `days` than its last."""
    runs = [*runs_of(head), Run(seq, ts, days)]
    while len(runs) > 1 and runs[0].has_expired(runs[1], ts):
        del runs[0]
    if len(runs) > MOST:
        del runs[1]
    return " ".join(map(str, runs))
