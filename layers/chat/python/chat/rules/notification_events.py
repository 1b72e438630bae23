"""That somebody is to be notified, for programs: the event `chat.notification.due`.

It is read from the person's own item: `chat/storage/due_notification_items.py`. It holds no text, whatever the deployment says of
texts in events: what somebody wrote is read where it lies, as it is then.
"""

from typing import Any, Literal

from chat.rules.instants import to_wire
from chat.rules.record import record
from chat.rules.rooms import Room

NotificationEventKind = Literal["chat.notification.due"]
DUE: NotificationEventKind = "chat.notification.due"

MOST_COUNTED = 100
"""Up to how many messages are counted: so many stand for that number or more."""


@record(frozen=True, slots=True, kw_only=True)
class NotificationEvent:
    """Somebody is to be notified of messages of a room, which are those from number `from_seq` to `seq` that they want to be
    notified of: `count` of them. `message_id` and `message_ts` (ms) are of the newest, `mentioned` says whether one
    mentions them or everybody. `ts` (ms): when that was decided."""

    id: str
    ts: int
    user_id: str
    room: Room
    from_seq: int
    seq: int
    message_id: str
    message_ts: int
    count: int
    mentioned: bool
    kind: NotificationEventKind = DUE

    @property
    def group(self) -> str:
        """What a queue keeps together and in order: all of a room."""
        return self.room.id

    def to_wire(self) -> dict[str, Any]:
        """The JSON of the contract, version 1."""
        return {
            "version": 1,
            "id": self.id,
            "kind": self.kind,
            "ts": to_wire(self.ts),
            "userId": self.user_id,
            "roomId": self.room.id,
            "roomType": self.room.type,
            "guildId": self.room.guild_id,
            "fromSeq": self.from_seq,
            "seq": self.seq,
            "messageId": self.message_id,
            "messageTs": to_wire(self.message_ts),
            "count": self.count,
            "mentioned": self.mentioned,
        }
