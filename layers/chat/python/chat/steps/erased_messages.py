"""A person's messages, erased: found by the proofs of their sends, which stay until nothing is to be found by them any more.

A message keeps its number, its instant and its id, and counts as removed. It is one plain write on condition of its sender,
so that a piece of the work may be done twice and at once; files and others' mention items go first, as they are found by
the message. What the room is told of it comes later, once for all of its messages: `erased_rooms.py`.
"""

from collections.abc import Sequence
from functools import partial

from chat.deployment import Deployment
from chat.rules.models import Head, Item, Member
from chat.rules.rooms import Room, Table
from chat.rules.tally import Tally
from chat.steps.batches import found_at
from chat.steps.erasure_subject import AFTER, next_room, page_of, person_in, room_in
from chat.steps.retry import deadline_of, retried, until_committed
from chat.storage import keys
from chat.storage.aws import ConditionFailed
from chat.storage.erased_items import changer_write, erased_message_write, is_of
from chat.storage.items import to_message
from chat.storage.legacy import is_numbered
from chat.storage.mention_items import forget_writes
from chat.storage.places import Place, head_place, in_room, membership_place, sent_place
from chat.storage.tables import NEW, Write
from chat.storage.uploads import delete_writes, files_of, uploads_of

AT_ONCE = 100
"""How many proofs one piece deals with."""

LOOKED_AT = 500
"""How many messages of a room one piece looks at, where there may be some without a proof."""

HANGS_ON = ("attachments", "mentions", "mentionsAll")
"""Attributes of a message that other items are found by."""


def erase_messages(table: Table, deployment: Deployment, subject: str, position: str | None) -> str | None:
    """A step: the messages of one page of proofs. Some 1 write unit each."""
    user_id = person_in(subject)
    partition_key, between = keys.user_partition(user_id), (keys.PROOFS, keys.PROOFS_END)
    items, further = page_of(deployment, table, partition_key, between, AT_ONCE, position)
    wanted = {
        in_room(room, item["messageSk"]["S"]): room
        for item in items
        if "messageSk" in item and (room := room_in(item["SK"]["S"])) is not None
    }
    found = found_at(deployment, list(wanted), deadline_of(deployment), consistent=True)
    own = [(wanted[place], place, item) for place, item in found.items() if is_of(item, user_id)]
    plain = [(place, item) for _, place, item in own if not item.keys() & set(HANGS_ON)]
    for _ in deployment.threads().map(lambda each: _erase(deployment, user_id, *each), plain):
        pass
    for room, place, item in own:
        if item.keys() & set(HANGS_ON):
            until_committed(deployment, Tally(), partial(_erase_whole, deployment, user_id, room, place))
    return further


def _erase(deployment: Deployment, user_id: str, place: Place, item: Item) -> None:
    """A message that nothing hangs on."""
    update_if(deployment, erased_message_write(place, item, user_id, deployment.now()))


def _erase_whole(deployment: Deployment, user_id: str, room: Room, place: Place) -> bool:
    """A message as it is now, with its files and the mentions in it."""
    tables = deployment.store.tables
    item = tables.get(place)
    if item is None or not is_of(item, user_id):
        return True
    message, uploads = to_message(room, item), deployment.uploads()
    lost = uploads_of(tables, room, message)
    names = files_of(message, lost)
    if names and uploads is not None:
        uploads.objects.delete(names)
    hanging = [*delete_writes(room, lost), *(forget_writes(room, message) if is_numbered(item) else [])]
    tables.transact([erased_message_write(place, item, user_id, deployment.now()), *hanging])
    return True


def update_if(deployment: Deployment, write: Write) -> None:
    """One write as long as its condition holds: if not, it is done, or there is nothing to do it to."""

    def step() -> None:
        try:
            deployment.store.tables.update(write)
        except ConditionFailed:
            return

    retried(deployment, step)


def prove_adopted(table: Table, deployment: Deployment, subject: str, position: str | None) -> str | None:
    """A step through the rooms in which messages may name the person that no proof leads to: those that the room had before
    it was adopted get a proof now; others' messages that the person has removed as a moderator say no more who it was.

    A room is read through only where it was adopted, up to the last message from before, or where the person has, or had, a role.
    """
    user_id = person_in(subject)
    partition_key, _, start = (position or "").partition(AFTER)
    room = _room_at(partition_key) if start else next_room(deployment, table, user_id, partition_key)
    if room is None:
        return None
    done = f"{room.partition_key}{AFTER}"
    up_to = _read_up_to(deployment, room, user_id)
    if not up_to:
        return done
    items, further = page_of(
        deployment,
        room.table,
        room.partition_key,
        (keys.MESSAGES, keys.MESSAGES_END),
        LOOKED_AT,
        start or None,
    )
    numbered = [item for item in items if is_numbered(item)]
    for item in numbered:
        _prove(deployment, room, user_id, item)
    is_through = further is None or (bool(numbered) and int(numbered[-1]["seq"]["N"]) >= up_to)
    return done if is_through or further is None else f"{done}{further}"


def _room_at(partition_key: str) -> Room:
    return Room.lying_in(partition_key)


def _read_up_to(deployment: Deployment, room: Room, user_id: str) -> int:
    """The last message to look at; 0 for none."""
    mine, there = membership_place(room, user_id), head_place(room)
    found = retried(deployment, lambda: deployment.store.tables.batch([mine, there], consistent=True))
    head, member = Head.found(found.get(there)), Member.found(found.get(mine))
    if head is None:
        return 0
    had_role = member is not None and (member.role != "member" or member.ranked)
    return head.seq if had_role else head.adopted_seq


def _prove(deployment: Deployment, room: Room, user_id: str, item: Item) -> None:
    place = in_room(room, item["SK"]["S"])
    if changed := changer_write(place, item, user_id):
        update_if(deployment, changed)
    if is_of(item, user_id):
        name = item.get("clientMessageId") or item.get("id") or item["SK"]
        proof = {"type": "Sent", "messageSk": item["SK"]["S"], "seq": int(item["seq"]["N"]), "hash": ""}
        update_if(deployment, Write(sent_place(room, user_id, name["S"]), condition=NEW, set=proof))


def delete_places(deployment: Deployment, places: Sequence[Place], at_once: int) -> None:
    """Delete items that nothing hangs on, a batch beside another."""
    parts = [places[start : start + at_once] for start in range(0, len(places), at_once)]
    tables = deployment.store.tables
    for _ in deployment.threads().map(lambda part: retried(deployment, partial(tables.delete, part)), parts):
        pass
