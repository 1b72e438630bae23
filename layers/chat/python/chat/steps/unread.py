"""How many messages of a room somebody has not read: the one count for every field that answers it.

It is a difference, never a counter: numbers above the marker, less those that nobody can read any more. What was removed
and since when messages may be read stands in the head, so mostly nothing is asked for it.
"""

from collections.abc import Iterable
from functools import partial

from chat.deployment import Deployment
from chat.rules.models import Head, Member, Receipts
from chat.rules.record import record
from chat.rules.removals import Removals
from chat.rules.retention import none_expired_from, readable_since
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
    head does not say: for somebody who has not read for half a retention. Removals of more than 512 numbers
    before the highest removed one are looked up among the room's last 500 changes, of a month: 12.5 units at
    the most.
    """
    head, now, defaults = place.head, deployment.now(), deployment.defaults
    counted, marker = 0, place.read_up_to
    if marker == head.seq or head.ts < readable_since(head, defaults, now):
        return 0
    if not none_expired_from(head, marker + 1, defaults, now):
        counted, looked_up_to = _count_oldest(deployment, place, deadline)
        marker = max(marker, looked_up_to)
    return counted + head.seq - marker - _removed_above(deployment, place, marker, deadline)


def counts_unread(deployment: Deployment, places: Iterable[UnreadPlace], deadline: float) -> dict[str, int]:
    """The same of many rooms, beside each other, by room id."""
    every = list(places)
    counts = deployment.threads().map(lambda place: count_unread(deployment, place, deadline), every)
    return {place.room.id: count for place, count in zip(every, counts, strict=True)}


def _count_oldest(deployment: Deployment, place: UnreadPlace, deadline: float) -> tuple[int, int]:
    """How many of the oldest messages that can be read are unread, and up to which number that is known.

    Reads on until one can be read; behind a long run of expired ones it ends early.
    """
    room, now, tables = place.room, deployment.now(), deployment.store.tables
    low: str | None = keys.message_floor(readable_since(place.head, deployment.defaults, now))
    looked_up_to = 0
    for _ in range(_QUERIES):
        page = partial(
            tables.query_page, room.table, room.partition_key, low or "", keys.MESSAGES_END,
            forward=True, count=_MESSAGES_AT_ONCE, consistent=False,
        )  # fmt: skip
        items, further = retried(deployment, page, deadline)
        numbered = [item for item in items if is_numbered(item)]
        readable = [item for item in numbered if not is_expired(item, now // 1_000)]
        looked_up_to = int(numbered[-1]["seq"]["N"]) if numbered else looked_up_to
        if readable or further is None:
            kept = [int(item["seq"]["N"]) for item in readable if "removedAt" not in item]
            unread = sum(place.read_up_to < seq <= place.head.seq for seq in kept)
            return unread, place.head.seq if further is None else min(looked_up_to, place.head.seq)
        low = f"{further}\0"
    return 0, looked_up_to


def _removed_above(deployment: Deployment, place: UnreadPlace, marker: int, deadline: float) -> int:
    head = place.head
    removals = Removals.parse(head.removed)
    count = removals.above(marker)
    if marker >= removals.below:
        return count
    numbers = retried(deployment, lambda: removed_numbers(deployment.store, place.room, head), deadline)
    return count + numbers.count_between(marker, removals.oldest)
