"""The pinned messages of a room: an item for each beside the messages, and their number in the head.

The number is exactly that of the items, as each change of these writes it, on the head's `rev`: pinning, unpinning, and
the removal of a message, which takes its pin along. A message that expires does so without anybody writing; its pin is
shown to nobody any more, and goes when its place is needed. So no pin expires by itself: the number would be wrong.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from chat.deployment import Deployment
from chat.rules.models import Head, Message, Notice, Stored
from chat.rules.record import record
from chat.rules.retention import readable_since
from chat.rules.rooms import Room
from chat.steps.message_change import Target
from chat.storage import keys
from chat.storage.places import Place, in_room
from chat.storage.tables import Write

MOST_PINS = 50


@record(frozen=True, slots=True, kw_only=True)
class Pin(Stored):
    """That a message is pinned: which, by whom, and when (ms); `rev` is the revision that did it. `message_until` is when
    the message expires, in seconds."""

    message_id: str
    seq: int
    pinned_by: str
    pinned_at: int
    rev: int
    message_until: int = 0


def pin_place(target: Target) -> Place:
    """Where the pin of a message lies, if it is pinned."""
    return in_room(target.room, keys.pin(target.sort_key))


def pinned_attributes(head: Head, pins: int) -> dict[str, int]:
    """The head's attributes once its next revision has left so many pins."""
    return {"pins": pins, "pinnedRev": head.rev + 1}


def pin_write(target: Target, message: Message, user_id: str, rev: int, now: int, until: int) -> Write:
    """The write of a new pin. Nothing guards it: the head's write does, in the same transaction. `until`: in seconds."""
    pin: dict[str, Any] = {
        "type": "Pin",
        "messageId": message.id,
        "seq": message.seq or 0,
        "pinnedBy": user_id,
        "pinnedAt": now,
        "rev": rev,
        "messageUntil": until,
    }
    return Write(pin_place(target), set=pin, whole=True)


def unpin_write(target: Target) -> Write:
    return Write(pin_place(target), delete=True)


def read_pins(deployment: Deployment, room: Room) -> Mapping[str, Pin]:
    """All that there are, by the sort keys of their messages, in one request."""
    items, _ = deployment.store.tables.query_page(
        room.table,
        room.partition_key,
        keys.PINS,
        keys.PINS_END,
        forward=True,
        count=MOST_PINS,
        consistent=True,
    )
    return {item["SK"]["S"].removeprefix(keys.PINS): Pin.of(item) for item in items}


def expired_pins(deployment: Deployment, room: Room, head: Head, now: int) -> Sequence[Target]:
    """The pinned messages that nobody gets any more, by their own instant or by the room's retention, in one request.
    `now` is in ms."""
    floor = keys.message_floor(readable_since(head, deployment.defaults, now))
    return [
        Target(room, sort_key)
        for sort_key, pin in read_pins(deployment, room).items()
        if sort_key < floor or 0 < pin.message_until < now // 1_000
    ]


def pin_notice(message_id: str, seq: int | None, *, pinned: bool) -> Notice:
    """That a message is pinned, or is not any more."""
    return Notice(
        kind="MESSAGE_PINNED" if pinned else "MESSAGE_UNPINNED", message_id=message_id, seq=seq or None
    )
