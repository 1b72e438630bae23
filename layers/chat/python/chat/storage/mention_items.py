"""Items that say that a message mentions somebody: in the person's partition, or for everybody in the room's.

Each is found by the message's number, and ends with the message. Whoever writes one makes it depend on the message as it
is then; whoever takes a mention out of a message, or the message away, deletes it in the same transaction.
"""

from collections.abc import Iterable

from chat.rules.mentions import mentioned_in
from chat.rules.models import Message, Stored
from chat.rules.record import record
from chat.rules.rooms import Room
from chat.storage import keys
from chat.storage.places import Place, in_room
from chat.storage.tables import Write

Expires = int | None
"""In seconds; `None` for a message that is kept for ever."""


@record(frozen=True, slots=True, kw_only=True)
class MentionItem(Stored):
    """That the message `seq`, which `message_id` and `ts` (ms) find, mentions somebody, or everybody."""

    seq: int
    message_id: str
    ts: int
    sender_id: str

    @property
    def message_key(self) -> str:
        """The message's sort key. Messages from before this backend have one with their instant, too."""
        return keys.message(self.ts, self.message_id)


def mention_place(room: Room, user_id: str, seq: int) -> Place:
    """Where it lies that message `seq` mentions somebody."""
    return Place(room.table, keys.user_partition(user_id), keys.mention(room.partition_key, seq))


def all_mention_place(room: Room, seq: int) -> Place:
    """Where it lies that message `seq` mentions everybody."""
    return in_room(room, keys.all_mention(seq))


def mention_write(place: Place, message: Message, expires_at: Expires) -> Write:
    """The item at either place. Nothing guards it but what else is in its transaction."""
    attributes = {
        "type": "Mention",
        "seq": message.seq,
        "messageId": message.id,
        "ts": message.ts,
        "senderId": message.sender_id,
    }
    return Write(
        place, set=attributes | ({} if expires_at is None else {"expiresAt": expires_at}), whole=True
    )


def unmention_writes(room: Room, message: Message, people: Iterable[str]) -> list[Write]:
    """That a message mentions these people no more, whether their items are written yet or not."""
    return [Write(mention_place(room, each, message.seq or 0), delete=True) for each in people]


def forget_writes(room: Room, message: Message) -> list[Write]:
    """The end of every mention in a message."""
    writes = unmention_writes(room, message, mentioned_in(message))
    if message.mentions_all:
        writes.append(Write(all_mention_place(room, message.seq or 0), delete=True))
    return writes
