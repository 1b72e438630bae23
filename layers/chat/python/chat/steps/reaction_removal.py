"""The reactions to a room's messages, removed with the room: found by the messages' lists of emoji, which say in which shards
there are any.

So every reaction is found that was made while the list stood; one piece of the work deletes up to a hundred items. What is not found,
as its list has expired before it, expires by itself.
"""

from chat.deployment import Deployment
from chat.rules.models import Item
from chat.rules.rooms import Room
from chat.steps.retry import retried
from chat.storage import keys
from chat.storage.places import Place
from chat.storage.reaction_items import Kinds, ReactionPlace
from chat.storage.tables import Write

_AT_ONCE = 45
"""How many items of a shard are looked at: each may be two to delete."""

_MOST_WRITES = 100


def remove_reactions(deployment: Deployment, subject: str, position: str | None) -> str | None:
    """One piece: of one message the shards from one on, as many as one transaction takes. A position is the message's id and,
    after `#`, the shard."""
    room = Room.parse(subject)
    message_id, _, number = (position or "").partition("#")
    listed = _next_list(deployment, room, message_id, at_least=bool(number))
    if listed is None:
        return None
    found = listed["SK"]["S"].removeprefix(keys.KINDS)
    first = int(number) if number and found == message_id else 0
    where, writes = ReactionPlace(room, found), list[Write]()
    for shard in [each for each in Kinds.of(listed).shards() if each >= first]:
        if len(writes) + 2 * _AT_ONCE > _MOST_WRITES:
            return _done(deployment, writes, f"{found}#{shard}")
        items, further = _of_shard(deployment, where, shard)
        writes += [write for item in items for write in _deleting(where, item)]
        if further:
            return _done(deployment, writes, f"{found}#{shard}")
    return _done(deployment, writes, found)


def _done(deployment: Deployment, writes: list[Write], position: str) -> str:
    if writes:
        retried(deployment, lambda: deployment.store.tables.transact(writes))
    return position


def _next_list(deployment: Deployment, room: Room, message_id: str, *, at_least: bool) -> Item | None:
    """The list of this message, or else of the next one."""
    low = f"{keys.reaction_kinds(message_id)}{'' if at_least or not message_id else '$'}"
    partition_key, tables = keys.reactions_of_room(room.partition_key), deployment.store.tables
    items, _ = retried(
        deployment,
        lambda: tables.query_page(
            room.table, partition_key, low, keys.KINDS_END, forward=True, count=1, consistent=True
        ),
    )
    return items[0] if items else None


def _of_shard(deployment: Deployment, where: ReactionPlace, shard: int) -> tuple[list[Item], str | None]:
    partition_key, tables = where.shard(shard, "").partition_key, deployment.store.tables
    return retried(
        deployment,
        lambda: tables.query_page(
            where.room.table, partition_key, " ", "~", forward=True, count=_AT_ONCE, consistent=True
        ),
    )


def _deleting(where: ReactionPlace, item: Item) -> list[Write]:
    """An item of a shard goes; with what somebody reacts, from their own partition, too."""
    sort_key = item["SK"]["S"]
    writes = [Write(Place(where.room.table, item["PK"]["S"], sort_key), delete=True)]
    if sort_key.startswith(keys.REACTING):
        writes.append(Write(where.reacted(keys.who_reacts(sort_key)[1]), delete=True))
    return writes
