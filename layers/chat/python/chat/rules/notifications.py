"""Notifications: what somebody wants to be notified of in a room, and whether they are to be of a message."""

from typing import Any, Literal, get_args

from chat.rules.instants import to_wire
from chat.rules.mentions import mentioned_in
from chat.rules.models import Head, Member, Message, Receipts
from chat.rules.record import record
from chat.rules.rooms import Room
from chat.rules.unread import read_up_to

Level = Literal["all", "mentions", "none"]
"""As it is stored: what is absent is the default."""

LEVELS: tuple[Level, ...] = get_args(Level)

ALL_MEMBERS = 100
"""In rooms of up to so many members the default is every message, in larger ones what mentions the person. Above it `all` counts
as `mentions`, and so does a mention of everybody as none: what a message costs does not grow with the room."""


def setting_to_wire(room: Room, receipts: Receipts, now: int) -> dict[str, Any]:
    """The schema's `NotificationSetting`. A mute that is over by `now` (ms) is none."""
    muted_until = receipts.notify_muted_until
    return {
        "roomId": room.id,
        "level": receipts.notify_level and receipts.notify_level.upper(),
        "mutedUntil": to_wire(muted_until) if muted_until > now else None,
    }


WhyNot = Literal["room", "membership", "muted", "present", "gone", "own", "read", "told", "level"]
"""Why somebody is not notified of a message: the first that holds, in this order. The first four are of all messages alike."""


@record(frozen=True, slots=True)
class Recipient:
    """Somebody who may be notified of messages of a room, as all of it is at one moment.

    `head`: `None` for a room that is not there. `is_small`: whether it has at most `ALL_MEMBERS` members. `is_present`:
    whether one of their devices is online. `told_seq`: up to which message they were notified before, 0 for none.
    """

    user_id: str
    head: Head | None
    is_small: bool
    member: Member | None
    receipts: Receipts
    is_present: bool = False
    told_seq: int = 0

    def why_none(self, now: int) -> WhyNot | None:
        """Why they are notified of no message of the room at `now` (ms); `None` where they may be of some."""
        if self.head is None or self.head.ended_at:
            return "room"
        if self.member is None or self.member.status != "active":
            return "membership"
        if self.receipts.notify_muted_until > now:
            return "muted"
        return "present" if self.is_present else None

    def why_not(self, message: Message | None, now: int) -> WhyNot | None:
        """Why they are not notified of a message at `now` (ms); `None` where they are to be. `message` is as it is now, `None`
        where it is not there or nobody may read it any more."""
        if none := self.why_none(now):
            return none
        if message is None or message.removed_at is not None or message.erased or message.seq is None:
            return "gone"
        if message.sender_id == self.user_id:
            return "own"
        if message.seq <= self.read_up_to:
            return "read"
        if message.seq <= self.told_seq:
            return "told"
        return None if self._wants(message) else "level"

    @property
    def read_up_to(self) -> int:
        """The last message that they have read, sent, or found there when they came; 0 where there is no such room."""
        if self.head is None or self.member is None:
            return 0
        return read_up_to(self.head, self.member, self.receipts)

    def _wants(self, message: Message) -> bool:
        level = self.receipts.notify_level
        if level == "none":
            return False
        if self.user_id in mentioned_in(message):
            return True
        return self.is_small and (level != "mentions" or bool(message.mentions_all))


def due_at(message: Message, after_ms: int) -> int:
    """When a message falls due (ms). Those that are stored within the same `after_ms` do so together, when the newest of them has
    waited as long: each waits once to twice `after_ms`. It depends on the message alone, so whoever reckons it again comes
    to the same."""
    stored_at = message.written_at or message.ts
    return (stored_at // after_ms + 2) * after_ms
