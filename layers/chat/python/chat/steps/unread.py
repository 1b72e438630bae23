"""How many messages of a room somebody has not read: the one count for every field that answers it.

It is a difference, never a counter: numbers above the marker, less those that nobody can read any more. What was removed
and since when messages may be read stands in the head, so mostly nothing is asked for it.
"""

from collections.abc import Iterable
from functools import partial
from itertools import zip_longest

from chat.deployment import Deployment
from chat.rules.models import DAY_MS, Head, Member, Receipts
from chat.rules.record import record
from chat.rules.removals import Removals
from chat.rules.retention import none_expired_from, readable_since
from chat.rules.retention_runs import runs_of
from chat.rules.rooms import Room
from chat.rules.unread import read_up_to
from chat.steps.retry import retried
from chat.storage import keys
from chat.storage.change_log import removed_numbers
from chat.storage.items import is_expired
from chat.storage.legacy import is_numbered

_MESSAGES_AT_ONCE, _QUERIES = 20, 8


@record(frozen=True, slots=True)
class UnreadPlace:
    """A room as somebody in it finds it. `receipts` is `None` for somebody who never marked anything."""

    room: Room
    head: Head
    member: Member
    receipts: Receipts | None

    @property
    def read_up_to(self) -> int:
        return read_up_to(self.head, self.member, self.receipts)


def count_unread(deployment: Deployment, place: UnreadPlace, deadline: float) -> int:
    """The messages above the marker that can be read and were not removed. Raises `ServiceUnavailable`.

    Mostly without a request. Half a read unit or one where some above the marker may have expired and the
    head does not say: for somebody who has not read for half a retention; the same again for each change of the
    retention above the marker, of 16 at the most. Removals of more than 512 numbers
    before the highest removed one are looked up among the room's last 500 changes, of a month: 12.5 units at
    the most.
    """
    head, now, defaults = place.head, deployment.now(), deployment.defaults
    marker = place.read_up_to
    if marker == head.seq or head.ts < readable_since(head, defaults, now):
        return 0
    if none_expired_from(head, marker + 1, defaults, now):
        return _not_removed(deployment, place, [(marker, head.seq)], deadline)
    counted, rest = 0, list[tuple[int, int]]()
    for part in _parts(place, readable_since(head, defaults, now), now):
        found, looked_up_to = (
            (0, part.above) if part.is_whole else _count_oldest(deployment, place, part, deadline)
        )
        counted += found
        rest.append((max(looked_up_to, part.above), part.last))
    return counted + _not_removed(deployment, place, rest, deadline)


def counts_unread(deployment: Deployment, places: Iterable[UnreadPlace], deadline: float) -> dict[str, int]:
    """The same of many rooms, beside each other, by room id."""
    every = list(places)
    counts = deployment.threads().map(lambda place: count_unread(deployment, place, deadline), every)
    return {place.room.id: count for place, count in zip(every, counts, strict=True)}


@record(frozen=True, slots=True)
class _Part:
    """Messages above number `above`, up to `last`, that expire in their order: those from the instant `since` (ms) on can be
    read, of a whole part all. The next part begins at `until` (ms)."""

    above: int
    last: int
    since: int
    until: int | None
    is_whole: bool = False


def _parts(place: UnreadPlace, since: int, now: int) -> Iterable[_Part]:
    """Those of which some may be unread; `since` is when the room's messages can be read from (ms)."""
    runs, head, marker = runs_of(place.head), place.head, place.read_up_to
    if not runs:
        yield _Part(marker, head.seq, since, None)
    for run, after in zip_longest(runs, runs[1:]):
        first = max(since, now - run.days * DAY_MS)
        last, until = (after.seq - 1, after.ts) if after else (head.seq, None)
        if last > marker and (until is None or until >= first):
            yield _Part(max(marker, run.seq - 1), last, max(first, run.ts), until, run.ts >= first)


def _count_oldest(
    deployment: Deployment, place: UnreadPlace, part: _Part, deadline: float
) -> tuple[int, int]:
    """How many of a part's oldest messages that can be read are unread, and up to which number that is known.

    Reads on until one can be read; behind a long run of expired ones it ends early.
    """
    room, now, tables = place.room, deployment.now(), deployment.store.tables
    low: str | None = keys.message_floor(part.since)
    end = keys.MESSAGES_END if part.until is None else keys.message_floor(part.until)
    looked_up_to = 0
    for _ in range(_QUERIES):
        page = partial(
            tables.query_page, room.table, room.partition_key, low or "", end,
            forward=True, count=_MESSAGES_AT_ONCE, consistent=False,
        )  # fmt: skip
        items, further = retried(deployment, page, deadline)
        numbered = [item for item in items if is_numbered(item)]
        readable = [item for item in numbered if not is_expired(item, now // 1_000)]
        looked_up_to = int(numbered[-1]["seq"]["N"]) if numbered else looked_up_to
        if readable or further is None:
            kept = [int(item["seq"]["N"]) for item in readable if "removedAt" not in item]
            unread = sum(part.above < seq <= part.last for seq in kept)
            return unread, part.last if further is None else min(looked_up_to, part.last)
        low = f"{further}\0"
    return 0, looked_up_to


def _not_removed(
    deployment: Deployment, place: UnreadPlace, spans: Iterable[tuple[int, int]], deadline: float
) -> int:
    """How many numbers are above the first of each span, up to its last, without those that were removed."""
    head = place.head
    removals = Removals.parse(head.removed)
    count, older = 0, list[tuple[int, int]]()
    for above, last in spans:
        count += last - above - removals.above(above) + removals.above(last)
        if above < min(last, removals.below):
            older.append((above, min(last + 1, removals.oldest)))
    if older:
        numbers = retried(deployment, lambda: removed_numbers(deployment.store, place.room, head), deadline)
        count -= sum(numbers.count_between(above, before) for above, before in older)
    return count
