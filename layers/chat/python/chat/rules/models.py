"""The things that are stored and answered. Attribute names in the tables are the names on the wire.

Plain dataclasses: what arrives here was written by this code or passed the schema, and a library that checks
it again costs a cold start more than everything else of ours together.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from functools import cache
from operator import attrgetter
from typing import Any, Literal, Self

from chat.rules.instants import to_wire
from chat.rules.rate import Rate
from chat.rules.record import record
from chat.rules.rooms import RoomType

Item = dict[str, dict[str, Any]]
"""An item as DynamoDB writes it: `{"seq": {"N": "7"}, "text": {"S": "hi"}}`."""

DAY_MS = 86_400_000

Role = Literal["owner", "moderator", "member"]
Status = Literal["active", "invited", "left", "banned"]
Visibility = Literal["public", "private"]
HistoryFrom = Literal["joining"]
"""As it is stored: what is absent is the beginning."""


class Stored:
    """A part of an item, in a dataclass. Unknown attributes are ignored: a later version may have written
    them."""

    __slots__ = ()

    @classmethod
    def of(cls, item: Item) -> Self:
        """What an item of DynamoDB says; absent attributes take their defaults.

        Raises `TypeError` for one that may not be absent, `KeyError` for one that is neither string nor
        number.
        """
        own: type = cls
        names = _fields_by_attribute(own)
        given = {
            names[name]: value["S"] if "S" in value else _number(value)
            for name, value in item.items()
            if name in names
        }
        return cls(**given)

    @classmethod
    def found(cls, item: Item | None) -> Self | None:
        """The same; `None` for an item that is not there."""
        return cls.of(item) if item else None


def _number(value: dict[str, Any]) -> float:
    """An `int` where the number is whole, else a `float`. Raises `KeyError` for anything but a number."""
    try:
        return int(value["N"])
    except ValueError:
        return float(value["N"])


@cache
def _fields_by_attribute(model: type) -> dict[str, str]:
    """A dataclass's field names by their names on the wire: `senderId` for `sender_id`."""
    return {attribute(field.name): field.name for field in fields(model)}


STORED_AS = {"revoked_at": "partedAt", "published_at": "toldAt", "accounted_seq": "judgedSeq"}
"""Fields whose attributes in the tables have older names."""


def attribute(name: str) -> str:
    """The name on the wire, and in the tables, of a dataclass's field: `senderId` for `sender_id`."""
    return STORED_AS.get(name) or name[0] + name.title().replace("_", "")[1:]


@record(frozen=True, slots=True)
class Caller:
    """Who calls, as the sources of identity say. `locale` is the language tag of their claims. `signed_in_at` is when they
    signed in (epoch seconds), as far as that is known: of a service it is not."""

    user_id: str
    roles: frozenset[str] = frozenset()
    locale: str | None = None
    signed_in_at: int | None = None


@record(frozen=True, slots=True)
class RoomSettings:
    """A room's own rules. In the HEAD item each is optional; what is absent comes from the deployment."""

    person_per_second: float = 1.0
    person_burst: int = 10
    room_per_second: float = 50.0
    room_burst: int = 100
    retention_days: int = 365
    slow_mode_seconds: int = 0

    def person_rate(self, role: Role) -> Rate:
        """What somebody with this role may send. Slow mode is for plain members, and lets nothing through in
        a burst."""
        if self.slow_mode_seconds and role == "member":
            return Rate(min(1 / self.slow_mode_seconds, self.person_per_second), 1)
        return Rate(self.person_per_second, self.person_burst)

    @property
    def room_rate(self) -> Rate:
        return Rate(self.room_per_second, self.room_burst)

    @property
    def retention_ms(self) -> int:
        return self.retention_days * DAY_MS

    def most_for_owners(self, limit: str) -> float:
        """How high a room's owners may set this limit, one of `LIMITS`: as high as it is without them."""
        most: float = getattr(self, limit)
        return most


@record(frozen=True, slots=True)
class Defaults(RoomSettings):
    """A deployment's rules for rooms without their own, and how high owners may set limits beyond these."""

    owner_max_person_per_second: float | None = None
    owner_max_person_burst: int | None = None
    owner_max_room_per_second: float | None = None
    owner_max_room_burst: int | None = None

    def most_for_owners(self, limit: str) -> float:
        own: float = getattr(self, limit)
        return max(own, getattr(self, f"owner_max_{limit}") or own)


LIMITS: Mapping[str, str] = {
    "personPerSecond": "person_per_second",
    "personBurst": "person_burst",
    "roomPerSecond": "room_per_second",
    "roomBurst": "room_burst",
}
"""The rules that say how fast a room may be written to, by their names in the item: owners may set them as high as
the deployment says, administrators higher."""


@record(frozen=True, slots=True, kw_only=True)
class Head(Stored):
    """The room itself. `rev` moves with every write of this item, `seq` only with a message, `epoch` when
    somebody loses access, the last time at `revoked_at` (ms). `ts` is the newest message's instant (ms) and
    `last_id` its id, `tat` the room's rate state (µs). `written_at` (ms) is when `tat` was charged for it, by the clock
    of the process that did.

    What is older than `kept_since` (ms) was hidden by an earlier retention for good. Every message from number
    `dated_seq` on is of `dated_ts` (ms) or later, and kept for `dated_days`; `retention_runs` is what
    `chat/rules/retention_runs.py` says of those before, where they are kept for other days. `removed` is what
    `chat/rules/removals.py:Removals` says of messages that were removed.
    `changed_rev` is the rev of the newest entry of the change log, `changed_at` (ms) its instant and
    `change_written_at` (ms) when it was written,
    `ruled_rev` is the rev of the last change of name or rules. `owners` counts the owners, where they have
    been counted. `adopted_at` (ms) is when the room's messages from before numbering got theirs,
    `adopted_seq` the last of these numbers.

    `admin_rules` names the limits that an administrator set, with commas: these hold however high they are.

    `ended_at` (ms) is when the room ended, which `ended_by` did; nobody gets a room that has ended. `alone`:
    whoever is in the room was alone in it, and nobody has come since without writing this item.

    `history_from`: from when on members see the history: `joining`, or else its beginning
    (`chat/rules/visibility.py`); `history_rev` is the rev of the last change of that.

    `all_seq`: no message with a larger number mentions everybody.

    `reacted_at` (ms) is when its last summary of reactions was made: there is one in a second at the most.

    `description` is what the room is for. `archived_at` (ms) is since when nobody writes in it. `pins` counts the pinned
    messages, and `pinned_rev` is the rev of their last change. `direct` is what makes it the direct room of two people,
    and `closed_by` which of them has blocked the other: `chat/rules/direct.py`.

    `generation` is that of the tables in which the item counts, `generation_rev` the revision with which that
    began in this room: see `chat/rules/generations.py`.

    `avatar_url` is an address of the room's picture at an allowed host, `avatar_id` an uploaded one; there is one of the two
    at the most. `held`: 1 under a legal hold of the room."""

    rev: int
    seq: int
    ts: int
    epoch: int
    revoked_at: int = 0
    tat: int = 0
    person_per_second: float | None = None
    person_burst: int | None = None
    room_per_second: float | None = None
    room_burst: int | None = None
    retention_days: int | None = None
    slow_mode_seconds: int | None = None
    admin_rules: str | None = None
    adopted_at: int = 0
    adopted_seq: int = 0
    last_id: str | None = None
    written_at: int = 0
    changed_rev: int = 0
    changed_at: int = 0
    change_written_at: int = 0
    ruled_rev: int = 0
    kept_since: int = 0
    removed: str | None = None
    dated_seq: int = 0
    dated_ts: int = 0
    dated_days: int = 0
    retention_runs: str | None = None
    owners: int | None = None
    name: str | None = None
    visibility: Visibility = "private"
    history_from: HistoryFrom | None = None
    history_rev: int = 0
    description: str | None = None
    archived_at: int = 0
    pins: int = 0
    pinned_rev: int = 0
    direct: str | None = None
    closed_by: str | None = None
    created_by: str | None = None
    ended_at: int = 0
    ended_by: str | None = None
    alone: int = 0
    generation: int = 1
    generation_rev: int = 0
    all_seq: int = 0
    reacted_at: int = 0
    avatar_url: str | None = None
    avatar_id: str | None = None
    held: int = 0

    def to_wire(self) -> dict[str, Any]:
        """The schema's `RoomHead`."""
        ts = to_wire(self.ts) if self.seq else None
        return {
            "seq": self.seq,
            "ts": ts,
            "epoch": self.epoch,
            "rev": self.rev,
            "pinsRev": self.pinned_rev,
        }

    def settings(self, defaults: RoomSettings) -> RoomSettings:
        """The rules in force: the room's own where it has any, but no limit above what its owners may set, unless an
        administrator did."""
        own = {field.name: getattr(self, field.name) for field in fields(RoomSettings)}
        own = {name: value for name, value in own.items() if value is not None}
        for name, limit in LIMITS.items():
            if limit in own and own[limit] > (most := defaults.most_for_owners(limit)):
                own[limit] = own[limit] if name in (self.admin_rules or "").split(",") else most
        return replace(defaults, **own)

    def ruled(self, rules: Mapping[str, Any]) -> "Head":
        """The head with other attributes, by their names in the item; `None` takes one away."""
        names = _fields_by_attribute(Head)
        own = {names[name]: value for name, value in rules.items()}
        if "visibility" in own:
            own["visibility"] = own["visibility"] or "private"
        for name in ("alone", "archived_at", "held"):
            if name in own:
                own[name] = own[name] or 0
        return replace(self, **own)


NOT_ADOPTED = Head(rev=0, seq=0, ts=0, epoch=1)
"""What is answered of a room without a head: the epoch is the one that it will begin with."""


@record(frozen=True, slots=True, kw_only=True)
class Member(Stored):
    """A membership, in the member's partition. `muted_until` is in ms, `tat` is the person's rate state (µs), and
    `written_at` (ms) when it was charged, by the clock of the process that did.

    Whoever left or was removed keeps the item as `left`, so that leaving ends neither a mute nor a limit;
    `ended_epoch` is the epoch that their going ended. `join_tat` is their rate of joining by themself
    (µs), `again_tat` that of being added again by others, `react_tat` that of
    reacting. `added`: others put them there. `left_by_self`: they
    left, and were not taken out. `invitation_ended`: they were invited last, and did not come.

    `joined_seq` is the room's newest message when they came, `joined_ts` (ms) its instant, 0 where that was not kept.
    `joined_epoch` is the epoch that began with their coming, where one did, and `joined_rev` the revision that was.

    `held`: 1 under a legal hold of the person. `erased_at` (ms): when their data was erased, if it was before they came.
    `ranked`: 1 where they had a role beyond `member` before."""

    role: Role = "member"
    status: Status = "active"
    muted_until: int = 0
    joined_seq: int = 0
    joined_ts: int = 0
    joined_epoch: int = 0
    joined_rev: int = 0
    last_sent_seq: int = 0
    tat: int = 0
    written_at: int = 0
    ended_epoch: int | None = None
    join_tat: int = 0
    added: int = 0
    again_tat: int = 0
    react_tat: int = 0
    left_by_self: int = 0
    invitation_ended: int = 0
    held: int = 0
    erased_at: int = 0
    ranked: int = 0


@record(frozen=True, slots=True, kw_only=True)
class Receipts(Stored):
    """How far somebody has read and received, in their partition, apart from what their sends touch.

    `last_read_seq` is for their own unread count; `read_seq` is what others see. `published_at` (ms) is when
    others last heard of it. `due_seq` and `due_at` (ms): the head as their last heartbeat found it;
    `accounted_seq`: up to where the delivery ledger has counted. `mentioned_seq`: no item says that a message with a larger
    number mentions them.

    `notify_level` (`chat/rules/notifications.py:Level`) and `notify_muted_until` (ms) are what they want to be notified of;
    `notify_tat` is the rate of changing that (µs)."""

    last_read_seq: int = 0
    read_seq: int = 0
    delivered_seq: int = 0
    published_at: int = 0
    due_seq: int = 0
    due_at: int = 0
    accounted_seq: int = 0
    mentioned_seq: int = 0
    notify_level: str | None = None
    notify_muted_until: int = 0
    notify_tat: int = 0


@record(frozen=True, slots=True, kw_only=True)
class Sent(Stored):
    """The proof of a send: where its message lies, and what a repeat must match."""

    message_sk: str
    seq: int
    hash: str


NoticeKind = Literal[
    "ROOM_UPDATED",
    "ROOM_DELETED",
    "MEMBER_ADDED",
    "MEMBER_INVITED",
    "INVITATION_ENDED",
    "MEMBER_JOINED",
    "MEMBER_REMOVED",
    "MEMBER_LEFT",
    "MEMBER_BANNED",
    "MEMBER_UNBANNED",
    "MEMBER_MUTED",
    "ROLE_CHANGED",
    "REACTIONS_CHANGED",
    "MESSAGE_PINNED",
    "MESSAGE_UNPINNED",
    "ERASED",
]


@record(frozen=True, slots=True, kw_only=True)
class Notice:
    """What happened to a room or to somebody in it. `muted_until` is in ms; `room` is the schema's `Room`, as
    it is answered, `reactions` the schema's `MessageReactions`, `erased` its `SeqRange`s. `message_id` and `seq` are the message's, where it
    happened to one."""

    kind: NoticeKind
    user_id: str | None = None
    role: Role | None = None
    muted_until: int | None = None
    next_epoch: int | None = None
    rev: int | None = None
    room: Mapping[str, Any] | None = None
    reactions: Sequence[Mapping[str, Any]] | None = None
    erased: Sequence[Mapping[str, int]] | None = None
    message_id: str | None = None
    seq: int | None = None

    def to_wire(self) -> dict[str, Any]:
        wire: dict[str, Any] = {
            "kind": self.kind,
            "userId": self.user_id,
            "role": self.role and self.role.upper(),
            "mutedUntil": to_wire(self.muted_until) if self.muted_until else None,
            "nextEpoch": self.next_epoch,
            "rev": self.rev,
            "room": self.room,
            "messageId": self.message_id,
            "seq": self.seq,
        }
        # Null for whoever asks for what is absent: most notices are about none of it.
        if self.reactions is not None:
            wire["reactions"] = list(self.reactions)
        if self.erased is not None:
            wire["erased"] = list(self.erased)
        return wire


@record(frozen=True, slots=True, kw_only=True)
class Message(Stored):
    """A message as the schema's `Message` answers it. Instants are epoch milliseconds here, `AWSDateTime` on
    the wire.

    `attachments` is the list of the schema's `Attachment` as JSON, `reactions` that of `ReactionCount`. What has a `notice` is none of the stored
    messages. Two are not answered: `written_at`, when it was stored, where `ts` is far ahead of that, and
    `history_from`, what its room said of that at the last change of the message.

    `reply_to` is the id of the message that it answers, `mentions` the list of the people whom it mentions as JSON,
    `mentions_all` 1 where it mentions everybody. `quote` is the schema's `Quote`: never stored, and only where somebody
    reads who may see that message. `erased`: 1 where its sender was erased."""

    id: str
    room_id: str
    room_type: RoomType
    guild_id: str | None = None
    sender_id: str
    text: str | None = None
    ts: int
    seq: int | None = None
    epoch: int | None = None
    client_message_id: str | None = None
    rev: int | None = None
    edited_at: int | None = None
    removed_at: int | None = None
    version: int | None = 1
    attachments: str | None = None
    reactions: str | None = None
    notice: Notice | None = None
    written_at: int | None = None
    history_from: HistoryFrom | None = None
    reply_to: str | None = None
    mentions: str | None = None
    mentions_all: int | None = None
    erased: int | None = None
    quote: Mapping[str, Any] | None = None

    def to_wire(self) -> dict[str, Any]:
        wire = dict(zip(_WIRE, _values_of_message(self), strict=True))
        for instant in ("ts", "editedAt", "removedAt"):
            if wire[instant] is not None:
                wire[instant] = to_wire(wire[instant])
        for listed in ("attachments", "mentions", "reactions"):
            if wire[listed] is not None:
                wire[listed] = json.loads(wire[listed])
        if self.mentions_all is not None:
            wire["mentionsAll"] = True
        if self.erased is not None:
            wire["erased"] = True
        if self.notice is not None:
            wire["notice"] = self.notice.to_wire()
        return wire


_UNANSWERED = ("written_at", "history_from")
_WIRE = {attribute(field.name): field.name for field in fields(Message) if field.name not in _UNANSWERED}
_values_of_message = attrgetter(*_WIRE.values())
"""All of a message's fields at once, in their order: a page has hundreds."""
