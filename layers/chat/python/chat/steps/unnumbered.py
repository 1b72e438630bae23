"""Read the history of a room that is not adopted yet, in the order of its instants, which its keys do not
have.

Keys of numbers sort by their seconds, keys of dates by the minutes that they show, up to an offset from UTC.
So each kind is read in its own order, and a message is given out once no key to come can lie before it.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice

from chat.rules.errors import InvalidInput
from chat.rules.models import Item
from chat.rules.record import record
from chat.steps.page_request import PageRequest
from chat.storage import keys, legacy
from chat.storage.legacy import EASTERNMOST, MILLISECOND, MINUTE, SECOND, WESTERNMOST, OrderKey, is_mark
from chat.storage.store import Slice

Fetch = Callable[[str, str, int, bool, str | None], tuple[list[Item], str | None]]
"""Items with sort keys from low to high: at most so many, forward or not, past a key; and where to read on,
if anywhere."""

Located = tuple[OrderKey, Item]

_FIRST_COUNT, _MOST = 100, 1_600
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ENDLESS = 1 << 80


@record(frozen=True, slots=True)
class KeyForm:
    """The keys of one form: they begin with `first`, and sort by the `width` characters that follow `MSG#`.

    These say the instant to within `unit`, less what the offset adds: `early` and `late` (all ns) at the
    most.
    """

    first: str
    width: int
    unit: int
    early: int
    late: int
    read: Callable[[str], int]
    write: Callable[[int], str]

    def bounds(self, since: int, until: int) -> tuple[str, str]:
        """The lowest and the highest key that a message from `since` up to before `until` can have."""
        start, end = f"MSG#{self.first}", f"MSG#{self.first}~"
        low, high = (
            self.read(f"{self.first}{_LOWEST[self.width]}"),
            self.read(f"{self.first}{_HIGHEST[self.width]}"),
        )
        if since - self.early > low:
            start = f"MSG#{self.write(min(since - self.early, high))}"
        if until + self.late < high:
            end = f"MSG#{self.write(max(until + self.late, low))}~"
        return start, end

    def horizon(self, sort_key: str, *, forward: bool) -> int:
        """The instant that no further key lies before (forward), or at or after (backward)."""
        shown = self.read(sort_key[4 : 4 + self.width])
        return shown - self.late if forward else shown + self.unit + self.early


def _read_minute(text: str) -> int:
    return (datetime.fromisoformat(f"{text}:00+00:00") - _EPOCH) // timedelta(seconds=1) * SECOND


def _write_minute(instant: int) -> str:
    return (_EPOCH + timedelta(seconds=instant // SECOND)).isoformat(timespec="minutes")[:16]


def _read_seconds(text: str) -> int:
    return int(text) * SECOND


def _write_seconds(instant: int) -> str:
    return str(instant // SECOND)


_LOWEST = {10: "000000000", 16: "000-01-01T00:00"}
_HIGHEST = {10: "999999999", 16: "999-12-31T23:59"}
KEY_FORMS = (
    KeyForm("1", 10, SECOND, 0, 0, _read_seconds, _write_seconds),
    KeyForm("2", 16, MINUTE, -WESTERNMOST, EASTERNMOST, _read_minute, _write_minute),
)


class _Reading:
    """One strand on its way."""

    def __init__(self, strand: KeyForm, fetch: Fetch, since: int, until: int, *, forward: bool) -> None:
        self._strand, self._fetch, self._forward = strand, fetch, forward
        self._low, self._high = strand.bounds(since, until)
        self._position: str | None = None
        self._count = _FIRST_COUNT
        self.horizon = -_ENDLESS if forward else _ENDLESS
        if self._low > self._high:
            self._finish()

    def _finish(self) -> None:
        self.horizon = _ENDLESS if self._forward else -_ENDLESS

    def more(self) -> Iterator[Located]:
        """The next items of this strand that are messages and no copies; it moves the horizon."""
        items, self._position = self._fetch(self._low, self._high, self._count, self._forward, self._position)
        self._count = min(2 * self._count, _MOST)
        for item in items:
            if legacy.is_copy(item):
                continue
            try:
                place = legacy.order_key(item)
            except legacy.Unreadable:
                continue
            self.horizon = self._strand.horizon(item["SK"]["S"], forward=self._forward)
            yield place, item
        if self._position is None:
            self._finish()


def unnumbered(
    fetch: Fetch, *, forward: bool, since: int, until: int, past: OrderKey | None = None
) -> Iterator[Located]:
    """The room's messages from the instant `since` up to before `until` (ns) in order, beyond the place
    `past`."""
    if past:
        since, until = (max(since, past.instant), until) if forward else (since, min(until, past.instant + 1))
    readings = [_Reading(strand, fetch, since, until, forward=forward) for strand in KEY_FORMS]
    pending: list[Located] = []
    while True:
        reading = (min if forward else max)(readings, key=lambda each: each.horizon)
        horizon = reading.horizon
        pending.sort(key=lambda found: found[0], reverse=not forward)
        ready = [found for found in pending if (found[0].instant < horizon) == forward]
        pending = pending[len(ready) :]
        yield from ready
        if abs(horizon) == _ENDLESS and (horizon > 0) == forward:
            return
        pending += [
            (place, item)
            for place, item in reading.more()
            if since <= place.instant < until
            and (past is None or (place > past if forward else place < past))
        ]


def unnumbered_slice(fetch: Fetch, request: PageRequest) -> Slice:
    """The page that is asked for. Raises `InvalidInput`."""
    position, limit = request.position, request.limit
    if position and not is_mark(position):
        raise InvalidInput("history.cursor", argument="nextToken")  # the room had a head, and has it no more
    since = 0 if request.after is None else (request.after + 1) * MILLISECOND
    until = _ENDLESS if request.before is None else request.before * MILLISECOND
    past = legacy.order_key_of(position) if position else None
    ordered = unnumbered(fetch, forward=request.forward, since=since, until=until, past=past)
    found = list(islice(ordered, limit + 1))
    messages = [(place.mark, legacy.to_message(request.room, item, place)) for place, item in found[:limit]]
    return Slice(messages, messages[-1][0] if len(found) > limit else None)


def carried_over(fetch: Fetch, mark: str, *, forward: bool) -> tuple[str, int | None]:
    """Where a cursor from before the adoption reads on after it: a sort key, and the number there.

    Adopting keeps the order, so it is where the copies of what was read end.
    """
    past = legacy.order_key_of(mark)
    floor = keys.message_floor(past.ms)
    last: tuple[str, int | None] = (floor, None)
    position: str | None = None
    while True:
        items, position = fetch(floor, keys.MESSAGES_END, _FIRST_COUNT, True, position)
        for item in filter(legacy.is_numbered, items):
            here = item["SK"]["S"], int(item["seq"]["N"])
            order = _compared(item, past)
            if order > 0:
                return last if forward else here
            if order == 0:
                return here
            last = here
        if position is None:
            return last if forward else ("", None)


def _compared(item: Item, past: OrderKey) -> int:
    """Whether a numbered message came before (−1), at (0) or after (1) a place."""
    if "adoptedFrom" not in item:
        return 1
    own = legacy.order_key(item)
    return (own > past) - (own < past)
