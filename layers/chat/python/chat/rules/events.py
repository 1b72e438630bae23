"""The events of a room: one for each of its revisions, which says what that changed.

A message's event is read from the message's own item, every other from an item of its own:
`chat/storage/event_items.py`. Events of a room are ordered by `rev`, and a revision that is missing shows: within a
generation they count up by one.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from chat.rules.instants import to_wire
from chat.rules.models import Head, Message, Notice, NoticeKind
from chat.rules.record import record
from chat.rules.rooms import Room, RoomType
from chat.rules.visibility import published

MessageEventKind = Literal["MESSAGE_SENT", "MESSAGE_EDITED", "MESSAGE_REMOVED"]
RoomEventKind = NoticeKind | Literal["ROOM_CREATED", "ROOM_ADOPTED", "GUILD_MEMBERSHIP", "INTERNAL"]
EventKind = MessageEventKind | RoomEventKind

UNHEARD = ("ROOM_CREATED", "ROOM_ADOPTED")
"""Nobody can have subscribed to a room before it was there."""

_SHOWN = ("id", "seq", "senderId", "ts", "version", "editedAt", "removedAt", "clientMessageId", "attachments",
          "replyTo", "mentions", "mentionsAll")  # fmt: skip
"""Of a message, what every consumer gets; names of attachments only with the text."""


@record(frozen=True, slots=True, kw_only=True)
class RoomEvent:
    """What one revision of a room changed.

    `seq` is the room's newest message then; of a message's event, that message's number. `epoch` is the one in which
    it is to be heard: of a revocation the one that it ended. `ts` is in ms. `actor_id`: who did it, `None` for a
    service. `message` is the message as the event left it, `notices` the schema's `Notice`s, as on the wire.
    `generation_rev`: with which revision the generation began in this room, 0 in the first, and where it is not known.
    `trace_id`: of the trace in which a message was sent, edited or removed, where that was stored; nothing tells it to consumers.
    """

    id: str
    kind: EventKind
    room_id: str
    room_type: RoomType
    guild_id: str | None
    rev: int
    seq: int
    epoch: int
    generation: int
    ts: int
    actor_id: str | None
    message: Message | None = None
    notices: tuple[Mapping[str, Any], ...] = ()
    generation_rev: int = 0
    trace_id: str | None = None

    @property
    def group(self) -> str:
        """What a queue keeps together and in order: all of one room."""
        return self.room_id

    def messages(self) -> list[dict[str, Any]]:
        """What subscribers hear of it, in order: the schema's `Message`s, complete. None for what nobody hears."""
        if self.message is not None:
            return [published(self.message, self.actor_id or "").to_wire()]
        if self.kind in UNHEARD:
            return []
        ids = (
            [f"{self.id}.{number}" for number in range(len(self.notices))] if self.notices[1:] else [self.id]
        )
        return [
            self.carrier(message_id).to_wire() | {"notice": dict(notice)}
            for message_id, notice in zip(ids, self.notices, strict=False)
        ]

    def carrier(self, message_id: str) -> Message:
        """The message that carries one of its notices, without that, and is not stored."""
        return Message(
            id=message_id,
            room_id=self.room_id,
            room_type=self.room_type,
            guild_id=self.guild_id,
            sender_id=self.actor_id or "",
            ts=self.ts,
            epoch=self.epoch,
            version=None,
        )

    def to_wire(self, *, with_text: bool, rebuilt: bool = False) -> dict[str, Any]:
        """The JSON of the contract, version 1, for consumers. Without `with_text` it holds neither the message's text
        nor its attachments' names. `rebuilt`: it was made of the tables later, not of the stream."""
        return {
            "version": 1,
            "id": self.id,
            "kind": self.kind,
            "roomId": self.room_id,
            "roomType": self.room_type,
            "guildId": self.guild_id,
            "rev": self.rev,
            "seq": self.seq,
            "epoch": self.epoch,
            "generation": self.generation,
            "ts": to_wire(self.ts),
            "actorId": self.actor_id,
            "message": self.message and _shown(self.message, with_text=with_text),
            "notices": [dict(notice) for notice in self.notices],
            "rebuilt": rebuilt,
        }


def event_at(
    room: Room,
    head: Head,
    *,
    event_id: str,
    kind: RoomEventKind,
    ts: int,
    actor_id: str | None,
    notices: Sequence[Notice] = (),
) -> RoomEvent:
    """The event of revision `head.rev`, which no message made; it is to be heard in `head.epoch`. `ts` is in ms."""
    return RoomEvent(
        id=event_id,
        kind=kind,
        room_id=room.id,
        room_type=room.type,
        guild_id=room.guild_id,
        rev=head.rev,
        seq=head.seq,
        epoch=head.epoch,
        generation=head.generation,
        generation_rev=head.generation_rev,
        ts=ts,
        actor_id=actor_id,
        notices=tuple(notice.to_wire() for notice in notices),
    )


def _shown(message: Message, *, with_text: bool) -> dict[str, Any]:
    wire = message.to_wire()
    shown = {name: wire[name] for name in _SHOWN}
    if with_text:
        return shown | {"text": wire["text"]}
    if shown["attachments"] is not None:
        shown["attachments"] = [
            {name: value for name, value in attachment.items() if name != "name"}
            for attachment in shown["attachments"]
        ]
    return shown
