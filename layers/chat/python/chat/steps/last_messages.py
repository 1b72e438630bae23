"""The newest message of each of many rooms, in one request."""

from collections.abc import Mapping, Sequence

from chat.deployment import Deployment
from chat.rules.models import Head, Item, Message
from chat.rules.retention import readable_since
from chat.rules.rooms import Room
from chat.steps.retry import retried
from chat.storage import keys
from chat.storage.items import is_expired, to_message
from chat.storage.places import Place, in_room


def last_messages(
    deployment: Deployment, heads: Mapping[str, Head], rooms: Sequence[Room], deadline: float
) -> dict[str, Message]:
    """By room id; rooms without one, or whose newest message has expired, are left out. A removed one is
    there, without text.

    The head says where it lies. A recent one that is not seen yet is looked for once more, consistently:
    reads that need not be consistent may see the head of one moment and the messages of another.
    """
    now, recency = deployment.now(), deployment.recency()
    wanted: dict[str, tuple[Room, Place]] = {}
    for room in rooms:
        head = heads.get(room.id)
        if head and head.seq and head.ts >= readable_since(head, deployment.defaults, now):
            place = _place(deployment, room, head, deadline)
            wanted |= {room.id: (room, place)} if place else {}
    found = _batch(deployment, wanted, deadline, consistent=False)
    missed = {
        room_id: each
        for room_id, each in wanted.items()
        if room_id not in found and recency.covers(heads[room_id].ts, heads[room_id].written_at)
    }
    found |= _batch(deployment, missed, deadline, consistent=True)
    return {
        room_id: to_message(wanted[room_id][0], item)
        for room_id, item in found.items()
        if not is_expired(item, now // 1_000)
    }


def _place(deployment: Deployment, room: Room, head: Head, deadline: float) -> Place | None:
    """Where the newest message lies. A head from before `lastId` has its instant alone: one request finds the
    rest."""
    if head.last_id is not None:
        return in_room(room, keys.message(head.ts, head.last_id))
    floor = keys.message_floor(head.ts)
    items, _ = retried(
        deployment,
        lambda: deployment.store.tables.query_page(
            room.table, room.partition_key, floor, f"{floor}$", forward=False, count=1, consistent=False
        ),
        deadline,
    )
    return in_room(room, items[0]["SK"]["S"]) if items else None


def _batch(
    deployment: Deployment, wanted: Mapping[str, tuple[Room, Place]], deadline: float, *, consistent: bool
) -> dict[str, Item]:
    """What is there of it, by room id."""
    places = [place for _, place in wanted.values()]
    found = retried(
        deployment, lambda: deployment.store.tables.batch(places, consistent=consistent), deadline
    )
    return {room_id: found[place] for room_id, (_, place) in wanted.items() if place in found}
