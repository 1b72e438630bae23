"""Move one of the caller's markers, and decide whether others hear of it: what `markRead` and `markDelivered`
have in common.

The answer is what AppSync publishes. One that is not for others has neither `roomId` nor `epoch`, so that it
equals no subscription, and holds nothing that the caller keeps private in any case.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

from chat.deployment import Deployment
from chat.rules.access import Access, open_room
from chat.rules.arguments import check_seq
from chat.rules.errors import InvalidInput
from chat.rules.models import Caller, Head, Receipts
from chat.rules.record import record
from chat.rules.rooms import Room
from chat.steps.batches import found_at
from chat.steps.receipt_items import is_small, member_state, member_state_places, move_receipts
from chat.steps.retry import deadline_of
from chat.storage.places import Found, Place, head_place, receipts_place

PUBLISH_EVERY_MS = 2_000
"""How often one person's receipts in one room are published at the most."""

Marker = Literal["last_read_seq", "read_seq", "delivered_seq"]


@record(frozen=True, slots=True)
class Mark:
    """What is to be said: `markers` move to `seq`. `shown` is the one that others see, `None` where nothing
    is published."""

    room: Room
    seq: int
    markers: tuple[Marker, ...]
    shown: Marker | None
    beside: tuple[Place, ...] = ()
    """What else is to be looked at in the same request."""


@record(frozen=True, slots=True)
class Marked:
    """What came of it: the room, the receipts before and after, and what else was looked at; `answer` is the
    schema's `Receipt`."""

    access: Access
    before: Receipts
    after: Receipts
    now: int
    found: Found
    answer: dict[str, Any]


def check_mark(arguments: Any) -> tuple[Room, int]:
    """`roomId` and `seq`. Raises `InvalidInput`; reads nothing."""
    return Room.parse(arguments.get("roomId")), check_seq(arguments.get("seq"))


def mark(deployment: Deployment, caller: Caller, asked: Mark) -> Marked:
    """Do it. A number below the marker is a success that changes nothing and is not published: it came late.

    Raises `InvalidInput` for a number above the room's newest, `NotRoomMember`, `NotAllowed`,
    `ServiceUnavailable`.
    """
    room, user_id, deadline, now = asked.room, caller.user_id, deadline_of(deployment), deployment.now()
    places = [*member_state_places(room, user_id), *asked.beside]
    found = found_at(deployment, places, deadline, consistent=True)
    seen = member_state(found, room, user_id)
    access = open_room(seen.view, "mark")
    if asked.seq > access.head.seq:
        raise InvalidInput("receipt.seq", argument="seq", max=access.head.seq)
    change = _change(asked, now, lambda: is_small(deployment, room, deadline))
    before, after = move_receipts(deployment, receipts_place(room, user_id), seen.receipts, change, deadline)
    is_published = _is_due(asked, after) and after.published_at == now
    wait = PUBLISH_EVERY_MS - abs(now - after.published_at)
    answer = {
        "roomId": room.id if is_published else None,
        "epoch": _epoch(deployment, room, deadline) if is_published else None,
        "userId": user_id,
        "readSeq": after.read_seq,
        "deliveredSeq": after.delivered_seq,
        "retryAfterMs": wait if _is_due(asked, after) and not is_published and wait > 0 else None,
    }
    return Marked(access, before, after, now, found, answer)


def _epoch(deployment: Deployment, room: Room, deadline: float) -> int | None:
    """The epoch after the receipt was stored: whoever lost access before that is not to hear of it."""
    place = head_place(room)
    item = found_at(deployment, [place], deadline, consistent=True).get(place)
    return Head.of(item).epoch if item else None


def _is_due(asked: Mark, after: Receipts) -> bool:
    """Whether this may be published. What came late is not: others know, or will know, more."""
    return asked.shown is not None and 0 < asked.seq == getattr(after, asked.shown)


def _change(asked: Mark, now: int, is_small_room: Callable[[], bool]) -> Callable[[Receipts], Receipts]:
    """What this call makes of receipts. Made again of its own result it changes nothing."""

    def change(receipts: Receipts) -> Receipts:
        moved = replace(receipts, **{name: max(getattr(receipts, name), asked.seq) for name in asked.markers})
        # Somebody's clock may be ahead: an instant that is far off in either direction is no reason for
        # silence.
        publish = (
            _is_due(asked, moved) and abs(now - receipts.published_at) >= PUBLISH_EVERY_MS and is_small_room()
        )
        return replace(moved, published_at=now) if publish else moved

    return change
