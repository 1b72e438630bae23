"""Items of notifications on their way: `NOTIFYING`, that messages of a room are to be judged at an instant, and `NOTIFY#{room}` in
somebody's partition, what they were notified of last.

The latter is the event, too: the stream tells it of each write, and it has the same id however often it does.
"""

from typing import Any, Self

from chat.rules.models import DAY_MS, Item, Message, Stored
from chat.rules.notification_events import NotificationEvent
from chat.rules.record import record
from chat.rules.rooms import Room
from chat.storage import keys
from chat.storage.places import Place, membership_place, notified_place
from chat.storage.tables import NEW, Write

KEPT_MS = 2 * DAY_MS
"""Longer than the stream has the messages that would be judged again."""


@record(frozen=True, slots=True, kw_only=True)
class Notifying(Stored):
    """That the messages of a room from this one on are to be judged, as far as they have waited for `after_ms`:
    `chat/rules/notifications.py:due_at`."""

    from_seq: int
    from_key: str
    after_ms: int

    @classmethod
    def read(cls, item: Item) -> Self:
        """Raises `TypeError`, `KeyError` or `ValueError` for an item that is not as we write it."""
        found = cls.of(item)
        numbers, texts = (found.from_seq, found.after_ms), (found.from_key,)
        if any(isinstance(each, str) for each in numbers) or not all(isinstance(each, str) for each in texts):
            raise TypeError
        if found.after_ms < 1:
            raise ValueError
        return found


def notifying_place(room: Room, at: int) -> Place:
    return Place(room.table, keys.NOTIFYING, keys.notifying(at, room.partition_key))


def notifying_range(now: int) -> tuple[str, str]:
    """Keys before and after what is due at `now` (ms)."""
    return " ", keys.due_floor(now + 1)


def room_of(item: Item) -> Room:
    """Whose messages they are. Raises `KeyError`, `ValueError` or `InvalidInput` for an item that is not as we write it."""
    return Room.lying_in(item["SK"]["S"].partition("#")[2])


def notifying_write(room: Room, message: Message, at: int, after_ms: int) -> Write:
    """That a message is to be judged at an instant (ms), and whatever comes after it: refused where one before it says so."""
    seq = message.seq or 0
    stored = {"fromSeq": seq, "fromKey": keys.message(message.ts, message.id), "afterMs": after_ms}
    return Write(
        notifying_place(room, at),
        condition="attribute_not_exists(PK) OR #fromSeq > :seq",
        given={":seq": seq},
        set={"type": "Notifying", **stored, "expiresAt": (at + KEPT_MS) // 1_000},
    )


def judged_place(room: Room) -> Place:
    """Up to which instant a room's messages are judged. It lies behind everything that is due."""
    return Place(room.table, keys.NOTIFYING, keys.judged(room.partition_key))


def judged_writes(room: Room, due_at: int, notifying: Notifying) -> list[Write]:
    """That everything due at an instant (ms) is judged, and what was before it, unless an earlier message has come to it since. Whatever
    comes again of it changes nothing then."""
    return [
        _of_first(room, due_at, notifying, delete=True),
        Write(
            judged_place(room),
            condition="attribute_not_exists(PK) OR #dueAt < :dueAt",
            given={":dueAt": due_at},
            set={"type": "Judged", "dueAt": due_at, "expiresAt": (due_at + KEPT_MS) // 1_000},
            whole=True,
        ),
    ]


def dropped_write(room: Room, due_at: int, notifying: Notifying) -> Write:
    """That it is not judged: it was before, or there is no room any more."""
    return _of_first(room, due_at, notifying, delete=True)


def further_write(room: Room, due_at: int, notifying: Notifying, further: str) -> Write:
    """That all before the key `further` is judged."""
    return _of_first(room, due_at, notifying, set={"fromKey": further})


def _of_first(room: Room, due_at: int, notifying: Notifying, **what: Any) -> Write:
    return Write(
        notifying_place(room, due_at),
        condition="#fromSeq = :fromSeq",
        given={":fromSeq": notifying.from_seq},
        **what,
    )


@record(frozen=True, slots=True, kw_only=True)
class Judged(Stored):
    """Up to which instant (ms) everything of a room that was due is judged."""

    due_at: int = 0


@record(frozen=True, slots=True, kw_only=True)
class Notified(Stored):
    """What somebody was notified of last: `seq` is the newest message of it."""

    id: str = ""
    seq: int = 0


def notified_writes(event: NotificationEvent, before: Notified | None) -> list[Write]:
    """That somebody is notified, if they are in the room and nobody has notified them since `before` was read."""
    stored = {
        "type": "Notification",
        "id": event.id,
        "at": event.ts,
        "fromSeq": event.from_seq,
        "seq": event.seq,
        "messageId": event.message_id,
        "messageTs": event.message_ts,
        "count": event.count,
        "mentioned": int(event.mentioned),
        "expiresAt": (event.ts + KEPT_MS) // 1_000,
    }
    return [
        Write(
            notified_place(event.room, event.user_id),
            condition="#id = :was" if before else NEW,
            given={":was": before.id} if before else {},
            set=stored,
            whole=True,
        ),
        Write(
            membership_place(event.room, event.user_id),
            condition="#status = :active",
            given={":active": "active"},
        ),
    ]


def is_notified(partition_key: str, sort_key: str) -> bool:
    """Whether it lies there what somebody was notified of."""
    return partition_key.startswith("USER#") and sort_key.startswith(keys.NOTIFIED)


def notification_event_of(item: Item) -> NotificationEvent | None:
    """The event that an item tells for which `is_notified` holds; `None` for another team's. Raises `KeyError`, `TypeError` or
    `ValueError` for one of ours that cannot be read."""
    if item.get("type") != {"S": "Notification"}:
        return None
    return NotificationEvent(
        id=item["id"]["S"],
        ts=int(item["at"]["N"]),
        user_id=keys.user_in(item["PK"]["S"]),
        room=Room.lying_in(item["SK"]["S"].removeprefix(keys.NOTIFIED)),
        from_seq=int(item["fromSeq"]["N"]),
        seq=int(item["seq"]["N"]),
        message_id=item["messageId"]["S"],
        message_ts=int(item["messageTs"]["N"]),
        count=int(item["count"]["N"]),
        mentioned=item["mentioned"] == {"N": "1"},
    )
