"""The mentions of somebody in a room, newest first, from the items that say so: their own, and those for everybody.

Items tell of messages, and end with them, but DynamoDB deletes what has expired days later, and a shorter retention hides
messages at once: so each is judged here by the rule of its message.
"""

from collections.abc import Callable, Sequence
from functools import partial

from chat.deployment import Deployment
from chat.rules.models import Head, Item
from chat.rules.record import record
from chat.rules.retention import readable_since
from chat.rules.rooms import Room
from chat.steps.retry import retried
from chat.storage import keys
from chat.storage.items import is_expired
from chat.storage.mention_items import MentionItem

_QUERIES = 8


@record(frozen=True, slots=True)
class MentionSource:
    """Where mentions of one kind lie; `key` gives the sort key for a message's number."""

    room: Room
    partition_key: str
    key: Callable[[int], str]


def own_mentions(room: Room, user_id: str) -> MentionSource:
    """Messages that mention this person."""
    return MentionSource(room, keys.user_partition(user_id), partial(keys.mention, room.partition_key))


def mentions_of_all(room: Room) -> MentionSource:
    """Messages that mention everybody."""
    return MentionSource(room, room.partition_key, keys.all_mention)


@record(frozen=True, slots=True)
class MentionSlice:
    """Mentions, newest first. `further`: the number down to which that is all, `None` where there are no more."""

    items: Sequence[MentionItem]
    further: int | None


def newest_mentions(
    deployment: Deployment, source: MentionSource, head: Head, low: int, high: int, most: int, deadline: float
) -> MentionSlice:
    """Up to `most` mentions in messages of the numbers from `low` to `high` that are not gone. Half a read unit for each 20
    or so. A long run of those that are ends the reading early. Raises `ServiceUnavailable`."""
    tables, room, now = deployment.store.tables, source.room, deployment.now()
    since = readable_since(head, deployment.defaults, now)
    found: list[MentionItem] = []
    position: str | None = None
    for _ in range(_QUERIES if low <= high else 0):
        page = partial(
            tables.query_page, room.table, source.partition_key, source.key(low), source.key(high),
            forward=False, count=most - len(found), consistent=False, start=position,
        )  # fmt: skip
        items, position = retried(deployment, page, deadline)
        found += [each for item in items if (each := _living(item, since, now // 1_000)) is not None]
        if position is None or _is_before(items, since):
            return MentionSlice(found, None)
        if len(found) == most:
            break
    return MentionSlice(found, int(position.rpartition("#")[2]) if position else None)


def _living(item: Item, since: int, now_s: int) -> MentionItem | None:
    mention: MentionItem = MentionItem.of(item)
    return None if is_expired(item, now_s) or mention.ts < since else mention


def _is_before(items: Sequence[Item], since: int) -> bool:
    """Whether the last of them is hidden by the retention, and so whatever is older."""
    return bool(items) and int(items[-1]["ts"]["N"]) < since
