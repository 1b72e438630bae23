"""The contract of events, version 1, as its consumers may rely on it. The code makes what `chat/rules/events.py` says;
`tests/stream/test_contract.py` holds it to this.

What may change within a version: attributes and kinds are added, so a consumer ignores those that it does not know. What is
there keeps its name, its type and its meaning; else the version rises, and both are sent for as long as anybody reads the
older one.
"""

from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from chat.rules.data_requests import RequestKind
from chat.rules.events import MessageEventKind, RoomEventKind
from chat.rules.models import NoticeKind
from chat.rules.notification_events import NotificationEventKind
from chat.rules.privacy_events import PrivacyEventKind

VERSION = 1


def words(kind: Any) -> tuple[str, ...]:
    """The words of a `Literal`, or of several."""
    return tuple(
        word for each in get_args(kind) for word in ((each,) if isinstance(each, str) else words(each))
    )


MESSAGE_KINDS, ROOM_KINDS = words(MessageEventKind), words(RoomEventKind)
PRIVACY_KINDS = words(PrivacyEventKind)

Id = Annotated[str, Field(min_length=1)]
Instant = Annotated[
    str,
    Field(
        pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$",
        json_schema_extra={"format": "date-time"},
        description="UTC with milliseconds.",
    ),
]
Number = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]
Role = Literal["OWNER", "MODERATOR", "MEMBER"]


class _Part(BaseModel):
    """Closed, so that nothing that the code makes is without its description; what is published is open."""

    model_config = ConfigDict(
        strict=True, frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=False
    )


class Attachment(_Part):
    """A file of a message. The API's field `attachment` gives its address to members of the room."""

    id: Id
    content_type: Id
    size: Number = Field(description="In bytes.")
    name: str = Field("", description="Only where the deployment sends texts.")


class Message(_Part):
    """The message as the event left it. `text` and `attachments` are not there where the event would have been too large
    with them, or the deployment sends no texts. The table has them: `PK` is `ROOM#{roomId}` or the guild's `roomId`, `SK` is `MSG#{ts in
    milliseconds, 13 digits}#{id}`."""

    id: Id
    seq: Positive = Field(description="Its number in the room: 1, 2, 3 … without a gap.")
    sender_id: Id
    ts: Instant = Field(description="When it was sent.")
    version: Positive | None = Field(
        description="1, and one more with each edit; null where that is not known any more."
    )
    edited_at: Instant | None
    removed_at: Instant | None
    client_message_id: Id | None
    attachments: list[Attachment] | None = None
    reply_to: Id | None = Field(None, description="The id of the message that it answers.")
    mentions: list[Id] | None = Field(
        None,
        description="The people whom it mentions. Null where there are none, and in an event that was rebuilt where the message "
        "was changed since.",
    )
    mentions_all: bool | None = Field(None, description="True where it mentions everybody in the room.")
    text: str | None = Field(
        None,
        description="Only where the deployment sends texts. Null where there is none: the message was removed, or, in an "
        "event that was rebuilt, changed since.",
    )


class RoomHead(_Part):
    """Where the room stands."""

    seq: Number
    ts: Instant | None
    epoch: Positive
    rev: Number
    pins_rev: Number | None = Field(
        None, description="The revision of the last change of the pinned messages."
    )


class Member(_Part):
    """Whoever made the room's change, as a member of it."""

    user_id: Id
    role: Role
    status: Literal["ACTIVE", "INVITED", "LEFT", "BANNED"]
    muted_until: Instant | None
    joined_seq: Number


class Room(_Part):
    """The room as its change left it, with the rules that are in force."""

    room_id: Id
    room_type: Literal["general", "guild"]
    guild_id: Id | None
    name: str | None
    description: str | None = None
    avatar_url: str | None = Field(None, description="An address of its picture.")
    avatar_id: Id | None = Field(
        None, description="Its uploaded picture: the API's field `avatar` gives an address."
    )
    visibility: Literal["PUBLIC", "PRIVATE"]
    history_from: Literal["BEGINNING", "JOINING"] | None = Field(
        None,
        description="From when on members see the history. Not there in events from before rooms had the choice.",
    )
    archived_at: Instant | None = Field(
        None, description="Since when nobody writes in it; null while it is open."
    )
    direct_with: Id | None = Field(None, description="Null here: it depends on who looks.")
    history_rev: Number | None = Field(
        None, description="The revision of the last change of that; 0: there was none."
    )
    slow_mode_seconds: Number
    retention_days: Positive
    person_per_second: float
    person_burst: Positive
    room_per_second: float
    room_burst: Positive
    member_count: Number | None
    head: RoomHead | None
    me: Member | None


class ReactionCount(_Part):
    """How many people react to a message with an emoji, and a few of them."""

    emoji: Id
    count: Positive
    user_ids: list[Id]


class MessageReactions(_Part):
    """All reactions to a message, as they are from this revision on."""

    id: Id
    seq: Positive
    rev: Positive
    reactions: list[ReactionCount] | None = Field(
        description="Empty where nobody reacts any more; null in rooms in which not every member may see every message."
    )


class SeqRange(_Part):
    """Numbers of messages that follow each other."""

    from_: Positive = Field(alias="from", description="The first of them.")
    to: Positive = Field(description="The last of them.")


class Notice(_Part):
    """What happened to the room or to somebody in it: the API's type `Notice`."""

    kind: NoticeKind
    user_id: Id | None
    role: Role | None
    muted_until: Instant | None
    next_epoch: Positive | None = Field(
        description="The room's epoch from then on, where somebody lost access, or other parts of the history are visible "
        "to somebody: whoever lost access, later events are not for."
    )
    rev: Positive | None
    room: Room | None
    reactions: list[MessageReactions] | None = Field(
        None, description="Only of REACTIONS_CHANGED: up to twenty messages."
    )
    message_id: Id | None = Field(None, description="The message that was pinned, or is not any more.")
    seq: Positive | None = Field(None, description="Its number.")
    erased: list[SeqRange] | None = Field(
        None,
        description="Only of ERASED: the messages whose sender was erased. Keep nothing of these but their numbers.",
    )


class Event(_Part):
    """What one revision of a room changed."""

    version: Literal[1]
    id: Id = Field(description="The same however often the event is sent: whoever has it drops it.")
    kind: MessageEventKind | RoomEventKind = Field(
        description="Ignore an event of a kind that you do not know."
    )
    room_id: Id
    room_type: Literal["general", "guild"]
    guild_id: Id | None
    rev: Positive = Field(
        description="The room's revision, by which its events are ordered: one more than the event's before, but where a "
        "generation begins. A gap is an event that is missing, or has not come yet."
    )
    seq: Number = Field(description="The room's newest message then; of a message's event, its number.")
    epoch: Positive = Field(description="The room's epoch in which subscribers hear it.")
    generation: Positive = Field(description="Of the tables: one more after each restore.")
    ts: Instant
    actor_id: Id | None = Field(
        description="Who did it; null for a service, and where it is not known any more."
    )
    message: Message | None = Field(description="Of a message's event, else null.")
    notices: list[Notice] = Field(description="What members are told of it; empty where nobody hears of it.")
    rebuilt: bool = Field(
        description="Whether it was made of the tables later, and not of the change itself."
    )


class PrivacyEvent(_Part):
    """A request for somebody's data, or a legal hold, was changed. It is of no room and has no `rev`."""

    version: Literal[1]
    id: Id = Field(description="The same however often the event is sent: whoever has it drops it.")
    kind: PrivacyEventKind = Field(description="Ignore an event of a kind that you do not know.")
    ts: Instant
    request_id: Id | None = Field(description="Of a request, else null. All of its events have it.")
    request_kind: RequestKind | None
    requested_by: Id | None = Field(
        description="SELF, OPERATOR, or a keyed pseudonym of whoever asked for somebody else."
    )
    due_at: Instant | None = Field(
        description="Only of chat.privacy.requested: until then it can be withdrawn."
    )
    hold_id: Id | None = Field(description="Of a legal hold, else null.")
    user_id: Id | None = Field(
        description="Whose data it is about. Null of a hold of a room, and of an erasure that is done."
    )
    person: Id | None = Field(
        description="Only of an erasure that is done: a keyed pseudonym in place of userId."
    )
    room_id: Id | None = Field(description="Of a hold of a room.")
    reason: Id | None = Field(description="Only of chat.privacy.refused: why, in a word.")


class NotificationEvent(_Part):
    """Somebody is to be notified of messages of a room: they are in it, want it, and have not read them. It has no `rev`, and no
    text, whatever the deployment says of texts."""

    version: Literal[1]
    id: Id = Field(description="The same however often the event is sent: whoever has it drops it.")
    kind: NotificationEventKind = Field(description="Ignore an event of a kind that you do not know.")
    ts: Instant = Field(description="When it was decided.")
    user_id: Id = Field(description="Who is to be notified.")
    room_id: Id
    room_type: Literal["general", "guild"]
    guild_id: Id | None
    from_seq: Positive = Field(description="The oldest message that it is about.")
    seq: Positive = Field(
        description="The newest. No later event of this person and room is about it or one before it."
    )
    message_id: Id = Field(description="The newest message.")
    message_ts: Instant = Field(description="When that was sent. The table has it, as of an event of a room.")
    count: Positive = Field(description="How many messages it is about; 100 stands for that or more.")
    mentioned: bool = Field(description="Whether one of them mentions the person or everybody.")
