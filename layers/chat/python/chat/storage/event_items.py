"""Events as they are stored: in the message that they are about, or in an item of their own, `EVT#{rev}`.

Either is written by the transaction that makes the room's revision, so there is no revision without its event.
"""

import json
from typing import Any

from chat.rules.errors import InvalidInput
from chat.rules.events import MessageEventKind, RoomEvent
from chat.rules.generations import generation_in
from chat.rules.models import Head, Item
from chat.rules.retention import KEPT_MS
from chat.rules.rooms import GUILD_PREFIX, Room
from chat.rules.trace import stored_trace_id
from chat.storage import keys
from chat.storage.items import to_message
from chat.storage.legacy import is_numbered
from chat.storage.places import Place, in_room
from chat.storage.tables import Write

ERASED = "erased"
"""An attribute of a message whose sender was erased, and of an event that named somebody who was."""

REACTED_REV, TOLD_REV = "reactedRev", "toldRev"
"""Attributes of a message: the revision of the last summary of its reactions, which another item tells; and that of the last edit
before this, 0 where there was none. As long as the first is the message's `rev`, the message tells nothing itself."""
TRACE_ID = "traceId"
"""An attribute of a message: the trace in which it was sent, or last edited or removed, where that was stored."""
HELD_REV = "heldRev"
"""An attribute of a message: its revision when a legal hold wrote to it last."""


def traced(trace_id: str | None) -> dict[str, str]:
    """What says on a message in which trace it was changed."""
    return {TRACE_ID: trace_id} if trace_id else {}


def is_by_reactions(item: Item) -> bool:
    """Whether a message's `rev` comes from a summary of its reactions."""
    return REACTED_REV in item and item[REACTED_REV] == item.get("rev")


def is_by_erasure(item: Item) -> bool:
    """Whether an item is as an erasure has left it, whose own event says so: it has told its event before."""
    return item.get(ERASED) == {"N": "1"}


def is_by_hold(item: Item) -> bool:
    """Whether a message was written to last by a legal hold, which is no revision and tells nothing."""
    return HELD_REV in item and item[HELD_REV] == (item.get("rev") or item.get("sentRev"))


def event_place(room: Room, rev: int) -> Place:
    """Where the event of a revision lies, if it is not about a message."""
    return in_room(room, keys.event(rev))


def event_write(room: Room, head: Head, event: RoomEvent) -> Write:
    """The write of an event that is not about a message. `head` is the room's, before the event or after it: it says in
    which generation that is. Nothing guards the write: the head's does, in the same transaction."""
    return Write(event_place(room, event.rev), set=event_attributes(head.generation_rev, event), whole=True)


def event_attributes(generation_rev: int, event: RoomEvent) -> dict[str, str | int]:
    """The attributes of its item."""
    attributes: dict[str, str | int] = {
        "type": "Event",
        "id": event.id,
        "rev": event.rev,
        "seq": event.seq,
        "epoch": event.epoch,
        "kind": event.kind,
        "ts": event.ts,
        "notices": json.dumps(
            [dict(notice) for notice in event.notices], separators=(",", ":"), ensure_ascii=False
        ),
        "expiresAt": (event.ts + KEPT_MS) // 1_000,
    }
    if event.actor_id is not None:
        attributes["actorId"] = event.actor_id
    if event.generation > 1:
        attributes |= {"generation": event.generation, "generationRev": generation_rev}
    return attributes


def event_of(item: Item) -> RoomEvent | None:
    """The event that an item of either table tells, as DynamoDB writes it; `None` for one that tells none: it is
    something else, another team's, a message from before its room's events were kept, one whose reactions alone were
    changed, or one that named somebody who was erased: `as_last_told`.

    Raises `KeyError`, `TypeError` or `ValueError` for one of ours that cannot be read.
    """
    sort_key = item["SK"]["S"]
    if not keys.may_tell_event(sort_key) or (room := _room_of(item)) is None:
        return None
    if is_by_erasure(item):
        return None
    if sort_key.startswith(keys.MESSAGES):
        is_told = is_by_reactions(item) or is_by_hold(item)
        return None if is_told else _event_of_message(room, item)
    return _event_of_item(room, item) if item.get("type") == {"S": "Event"} else None


def as_last_told(item: Item) -> Item:
    """The item with the revision of the last event that a message told, whatever its reactions, a legal hold or an erasure
    did since."""
    told_before = (HELD_REV, ERASED) if is_by_erasure(item) else (HELD_REV,)
    item = {name: value for name, value in item.items() if name not in told_before}
    if not is_by_reactions(item):
        return item
    told = {name: value for name, value in item.items() if name not in (REACTED_REV, "rev")}
    return told if item[TOLD_REV]["N"] == "0" else told | {"rev": item[TOLD_REV]}


def _room_of(item: Item) -> Room | None:
    """The room in whose partition an item lies, if it is one's."""
    partition_key = item["PK"]["S"]
    if not partition_key.startswith(("ROOM#", GUILD_PREFIX)):
        return None
    try:
        room = Room.lying_in(partition_key)
    except InvalidInput:
        return None
    return room if room.partition_key == partition_key else None


def _event_of_message(room: Room, item: Item) -> RoomEvent | None:
    """That the message was sent, or what its last change was."""
    rev = item.get("rev") or item.get("sentRev")
    if rev is None or not is_numbered(item):
        return None
    message = to_message(room, item)
    kind: MessageEventKind = "MESSAGE_SENT"
    ts, actor = message.ts, message.sender_id
    if message.removed_at is not None:
        kind, ts = "MESSAGE_REMOVED", message.removed_at
    elif "rev" in item:
        kind, ts = "MESSAGE_EDITED", message.edited_at or message.ts
    if "rev" in item:
        # One that was changed before `changedBy` was written: only its sender may have edited it.
        actor = _text(item, "changedBy") or _text(item, "removedBy") or actor
    epoch = message.epoch or 1
    return RoomEvent(
        id=f"{message.id}.{rev['N']}",
        kind=kind,
        room_id=room.id,
        room_type=room.type,
        guild_id=room.guild_id,
        rev=int(rev["N"]),
        seq=message.seq or 0,
        epoch=epoch,
        generation=generation_in(epoch),
        ts=ts,
        actor_id=actor,
        message=message,
        trace_id=stored_trace_id(_text(item, TRACE_ID)),
    )


def _event_of_item(room: Room, item: Item) -> RoomEvent:
    def number(name: str, default: int | None = None) -> int:
        return default if default is not None and name not in item else int(item[name]["N"])

    kind: Any = item["kind"]["S"]
    if keys.event(number("rev")) != item["SK"]["S"]:
        raise ValueError("another revision's key")
    return RoomEvent(
        id=item["id"]["S"],
        kind=kind,
        room_id=room.id,
        room_type=room.type,
        guild_id=room.guild_id,
        rev=number("rev"),
        seq=number("seq"),
        epoch=number("epoch"),
        generation=number("generation", 1),
        generation_rev=number("generationRev", 0),
        ts=number("ts"),
        actor_id=_text(item, "actorId"),
        notices=tuple(json.loads(item["notices"]["S"])),
    )


def _text(item: Item, name: str) -> str | None:
    return item[name]["S"] if name in item else None
