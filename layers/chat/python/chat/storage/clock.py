"""What the store's answers say of this process's clock: each carries the `Date` on which the store made it.

https://www.rfc-editor.org/rfc/rfc9110#name-date. It has whole seconds, so one answer tells the store's time to within a
second and the request's duration. That is kept as its distance from the monotonic clock, which does not jump: a wall
clock that is set while the process runs is found out at once. Where a process was frozen the monotonic clock may have
stood still, so that two answers have to agree before a clock is doubted.
"""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
RESOLUTION_MS = 1_000

MAX_CLOCK_SKEW_MS = 3_000
"""How far a clock may be from the store's, unless the deployment says otherwise."""


def wall_clock() -> int:
    """Epoch milliseconds."""
    return time.time_ns() // 1_000_000


def date_ms(date: str) -> int | None:
    """Epoch milliseconds of a `Date` header (`Thu, 26 Nov 2026 18:37:37 GMT`); `None` for any other form."""
    try:
        _, day, month, year, clock, zone = date.split(" ")
        hour, minute, second = clock.split(":")
        found = datetime(
            int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second), tzinfo=UTC
        )
    except ValueError:
        return None
    return (found - _EPOCH) // timedelta(milliseconds=1) if zone == "GMT" else None


class StoreClock:
    """Compares this process's clock with the store's. Safe for threads.

    `now` gives epoch milliseconds and may be wrong; `monotonic` gives seconds. Nothing is known before the first
    answer, and never where answers have no `Date`.
    """

    def __init__(
        self,
        max_skew_ms: int = MAX_CLOCK_SKEW_MS,
        now: Callable[[], int] = wall_clock,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._max_skew_ms = max_skew_ms
        self._now = now
        self._monotonic = monotonic
        self._thread = threading.local()
        self._date: tuple[str, int | None] = ("", None)
        self._seen: tuple[tuple[float, float], ...] = ()
        """Of the last two answers: between which bounds the store's clock is ahead of the monotonic one (ms)."""

    def asked(self) -> None:
        """A request is about to go out, by this thread."""
        self._thread.asked = self._monotonic()

    def answered(self, date: str | None) -> None:
        """Its answer has come, with this `Date`."""
        asked, at = getattr(self._thread, "asked", None), self._monotonic()
        if date is None or asked is None:
            return
        if self._date[0] != date:
            self._date = (date, date_ms(date))
        ms = self._date[1]
        if ms is not None:
            self._seen = (*self._seen[-1:], (ms - at * 1_000, ms + RESOLUTION_MS - asked * 1_000))

    def in_doubt(self) -> bool:
        """Whether the clock is surely further from the store's than it may be: then nothing that it says is to be
        written, and nobody is told that a gap is old."""
        seen = self._seen
        if not seen:
            return False
        here, most = self._now() - self._monotonic() * 1_000, self._max_skew_ms
        return all(here - high > most or here - low < -most for low, high in seen)

    def now(self) -> int:
        """Epoch milliseconds: by the own clock, and by the store's while that is in doubt."""
        if not self.in_doubt():
            return self._now()
        low, high = self._seen[-1]
        return round(self._monotonic() * 1_000 + (low + high) / 2)
