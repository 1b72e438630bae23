"""What a person is told of by their own subscription: what happens to them, whichever rooms they have open.

Everything here is a hint to look: `heartbeat` and `sync` say the same without it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from chat.rules.events import RoomEvent
from chat.rules.instants import to_wire
from chat.rules.models import Head, Member, Message, Role
from chat.rules.privacy_events import PrivacyEvent
from chat.rules.record import record
from chat.rules.visibility import first_visible

PersonEventKind = Literal[
    "ADDED",
    "INVITED",
    "REMOVED",
    "BANNED",
    "UNBANNED",
    "ROLE_CHANGED",
    "MUTED",
    "MENTIONED",
    "DIRECT_ROOM",
    "ROOM_ENDED",
    "DRAFT_SAVED",
    "NOTIFICATIONS_SET",
    "DATA_REQUESTED",
    "MOVED",
]

OF_NOTICES: Mapping[str, PersonEventKind] = {
    "MEMBER_ADDED": "ADDED",
    "MEMBER_JOINED": "ADDED",
    "MEMBER_INVITED": "INVITED",
    "INVITATION_ENDED": "REMOVED",
    "MEMBER_REMOVED": "REMOVED",
    "MEMBER_LEFT": "REMOVED",
    "MEMBER_BANNED": "BANNED",
    "MEMBER_UNBANNED": "UNBANNED",
    "MEMBER_MUTED": "MUTED",
    "ROLE_CHANGED": "ROLE_CHANGED",
}
"""What the person in a notice is told of it; what they did themself as well, for their other devices."""

DIRECT = "direct:"
"""How the ids of rooms of two begin."""


@record(frozen=True, slots=True, kw_only=True)
class PersonEvent:
    """The schema's `PersonEvent`, but for the epoch in which it is to be heard. `ts`, `muted_until` and `quiet_until` are in
    ms. `id` is the same however often it is told."""

    user_id: str
    id: str
    kind: PersonEventKind
    ts: int
    room_id: str | None = None
    message_id: str | None = None
    seq: int | None = None
    rev: int | None = None
    actor_id: str | None = None
    role: Role | None = None
    muted_until: int | None = None
    quiet_until: int | None = None

    def to_wire(self, epoch: int) -> dict[str, Any]:
        return {
            "userId": self.user_id,
            "epoch": epoch,
            "id": self.id,
            "kind": self.kind,
            "roomId": self.room_id,
            "messageId": self.message_id,
            "seq": self.seq,
            "rev": self.rev,
            "actorId": self.actor_id,
            "role": self.role and self.role.upper(),
            "mutedUntil": to_wire(self.muted_until) if self.muted_until else None,
            "ts": to_wire(self.ts),
            "quietUntil": to_wire(self.quiet_until) if self.quiet_until else None,
        }


def person_events(event: RoomEvent) -> list[PersonEvent]:
    """What the people whom an event names are told of it, before anybody has looked whether it is so yet."""
    if event.message is not None:
        return _mentions(event, event.message)
    found = []
    for number, notice in enumerate(event.notices):
        kind, user_id = OF_NOTICES.get(str(notice["kind"])), notice["userId"]
        if kind is None or user_id is None:
            continue
        if kind == "ADDED" and event.room_id.startswith(DIRECT):
            kind = "DIRECT_ROOM"
        found.append(_of_room(event, kind, str(user_id), f"{event.id}.{number}"))
    return found


def everybodys_event(event: RoomEvent) -> PersonEvent | None:
    """What everybody in a small room is told of an event, with nobody's id yet: that the room has ended, or, without its name,
    that something has moved."""
    if event.kind == "ROOM_DELETED":
        return _of_room(event, "ROOM_ENDED", "", f"{event.id}.0")
    if event.kind == "MESSAGE_SENT" and event.message is not None:
        return PersonEvent(user_id="", id=f"moved.{event.id}", kind="MOVED", ts=event.ts)
    return None


def may_bring_people(event: RoomEvent) -> bool:
    """Whether somebody may be in the room after an event who was not before."""
    return event.message is None and event.kind != "REACTIONS_CHANGED"


def request_event(event: PrivacyEvent) -> PersonEvent | None:
    """What a person is told where their data is to be exported or erased: whoever has stolen a token asks for it in vain, while
    the person hears of it and can withdraw it. `None` for what else becomes of a request."""
    if event.kind != "chat.privacy.requested" or event.user_id is None:
        return None
    return PersonEvent(
        user_id=event.user_id, id=f"request.{event.request_id}", kind="DATA_REQUESTED", ts=event.ts
    )


def setting_event(user_id: str, room_id: str, at: int) -> PersonEvent:
    """What a person's devices are told where they have set what to be notified of in a room."""
    event_id = f"notifications.{room_id}.{at}"
    return PersonEvent(user_id=user_id, id=event_id, kind="NOTIFICATIONS_SET", ts=at, room_id=room_id)


def as_it_is_now(
    told: PersonEvent, head: Head | None, member: Member | None, now: int, message: Message | None = None
) -> PersonEvent | None:
    """The event, with role and mute as they are now, if it is still so; `None` for what is not, and for a room that the person
    is not in, unless it says just that. `message`: as it is now, of a mention. `now` is in ms."""
    status = member.status if member else "left"
    is_there = head is not None and not head.ended_at
    if told.kind in ("REMOVED", "BANNED"):
        # Who is invited again hears that: a late removal would take the invitation away.
        return told if status in (("banned",) if told.kind == "BANNED" else ("left", "banned")) else None
    if told.kind == "ROOM_ENDED":
        return None if is_there else told
    if head is None or member is None or not is_there:
        return None
    if told.kind == "INVITED":
        return replace(told, role=member.role) if status == "invited" else None
    if told.kind == "UNBANNED":
        return told if status != "banned" else None
    if status != "active":
        return None
    if told.kind == "MENTIONED":
        return told if _is_mentioned(told, head, member, message) else None
    if told.kind == "MUTED":
        return replace(told, muted_until=member.muted_until if member.muted_until > now else None)
    return replace(told, role=member.role)


def _of_room(event: RoomEvent, kind: PersonEventKind, user_id: str, event_id: str) -> PersonEvent:
    return PersonEvent(
        user_id=user_id,
        id=event_id,
        kind=kind,
        ts=event.ts,
        room_id=event.room_id,
        seq=event.seq,
        rev=event.rev,
        actor_id=event.actor_id,
    )


def _mentions(event: RoomEvent, message: Message) -> list[PersonEvent]:
    """One for each person whom the message mentions but its sender. A message mentions somebody once: an edit that still does
    has the same id."""
    if event.kind == "MESSAGE_REMOVED":
        return []
    return [
        replace(
            _of_room(event, "MENTIONED", user_id, f"mention.{message.id}"),
            message_id=message.id,
            actor_id=message.sender_id,
        )
        for user_id in dict.fromkeys(_mentioned(message))
        if user_id != message.sender_id
    ]


def _mentioned(message: Message) -> Sequence[str]:
    return json.loads(message.mentions) if message.mentions else []


def _is_mentioned(told: PersonEvent, head: Head, member: Member, message: Message | None) -> bool:
    """Whether the message as it is now mentions the person, who may see it."""
    if message is None or message.removed_at is not None or told.user_id not in _mentioned(message):
        return False
    return (message.seq or 0) >= first_visible(head, member)
