"""Messages from before numbering: their keys, their instants, and the order in which these put them.

Keys were `MSG#{timestamp}#{id}` with a timestamp in ISO 8601, seconds or milliseconds, in any mixture, and so
they do not sort by time. Adopting a room copies each message under a key of today with a number, and keeps
what it was in `adoptedFrom` (the key) and `adoptedTs`.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from chat.rules.models import Item, Message
from chat.rules.record import record
from chat.rules.rooms import Room

SECOND = 1_000_000_000
MINUTE, HOUR = 60 * SECOND, 3_600 * SECOND
MILLISECOND = 1_000_000
"""Instants are nanoseconds here: finer parts than milliseconds decide about order, too."""

WESTERNMOST, EASTERNMOST = -12 * HOUR, 14 * HOUR
"""The offsets from UTC that there are, and so how far the clock in a key may be from its instant."""

LONGEST_KEY = 256

ISO = re.compile(
    r"(2\d{3}-\d{2}-\d{2}T\d{2}:\d{2})(?::(\d{2})(?:[.,](\d+))?)?(?:(Z)|([+-])(\d{2}):?([0-5]\d))?", re.ASCII
)
NUMBER = re.compile(r"(1\d{9})(\d{3})?(?:\.(\d+))?", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MARK = "@"


class Unreadable(Exception):
    """An item below `MSG#` that is no message to be shown; `reason` is one word, and nothing of its
    content."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@record(frozen=True, slots=True)
class Stamp:
    """A written instant (ns), the unit (ns) it was written in, and whether it named an offset from UTC or
    needs none."""

    instant: int
    unit: int
    placed: bool = True

    def covers(self, instant: int) -> bool:
        return self.instant <= instant < self.instant + self.unit


class OrderKey(NamedTuple):
    """Where a message stands in its room: by its instant (ns), then by the id in its key, then by the key."""

    instant: int
    id: str
    sort_key: str

    @property
    def ms(self) -> int:
        return self.instant // MILLISECOND

    @property
    def mark(self) -> str:
        """This order key as the position of a cursor."""
        return f"{_MARK}{self.instant}{_MARK}{self.sort_key}"


def is_mark(position: str) -> bool:
    return position.startswith(_MARK)


def order_key_of(mark: str) -> OrderKey:
    """The order key that a cursor's position names. Raises `ValueError` for the position of a numbered
    message."""
    _, instant, sort_key = mark.split(_MARK, 2)
    return OrderKey(int(instant), _id_in(sort_key), sort_key)


def stamp(text: str) -> Stamp | None:
    """The instant that `text` writes, in one of the forms above; `None` for anything else."""
    if found := NUMBER.fullmatch(text):
        seconds, milliseconds, fraction = found.groups()
        if milliseconds:
            return Stamp(int(seconds + milliseconds) * MILLISECOND + _part(fraction, 6), _unit(fraction, 6))
        return Stamp(int(seconds) * SECOND + _part(fraction, 9), _unit(fraction, 9))
    if found := ISO.fullmatch(text):
        return _calendar(found)
    return None


def _calendar(found: re.Match[str]) -> Stamp | None:
    minute, seconds, fraction, zulu, sign, hours, minutes = found.groups()
    offset = (int(hours) * HOUR + int(minutes) * MINUTE) * (-1 if sign == "-" else 1) if sign else 0
    if not WESTERNMOST <= offset <= EASTERNMOST:
        return None
    try:
        local = datetime.fromisoformat(f"{minute}:{seconds or '00'}+00:00") - _EPOCH
    except ValueError:
        return None
    instant = local // timedelta(seconds=1) * SECOND + _part(fraction, 9) - offset
    return Stamp(instant, _unit(fraction, 9) if seconds else MINUTE, bool(zulu or sign))


def _part(fraction: str | None, digits: int) -> int:
    return int((fraction or "").ljust(digits, "0")[:digits])


def _unit(fraction: str | None, digits: int) -> int:
    return int(10 ** max(0, digits - len(fraction or "")))


def _id_in(sort_key: str) -> str:
    return sort_key.split("#", 2)[2]


def key_stamp(item: Item) -> Stamp | None:
    """The instant in the key under which a message was first written."""
    parts = _first_key(item).split("#", 2)
    return stamp(parts[1]) if len(parts) == 3 else None


def attribute_stamp(item: Item) -> Stamp | None:
    """The instant in the attribute `ts`, as it was first written."""
    value = item.get("adoptedTs", item.get("ts", {}))
    return stamp(str(value.get("S", value.get("N"))))


def _first_key(item: Item) -> str:
    return str(item.get("adoptedFrom", item["SK"])["S"])


def order_key(item: Item) -> OrderKey:
    """Where a message stands, the same for an old item and for its copy. Raises `Unreadable`."""
    sort_key, written = _first_key(item), key_stamp(item)
    if written is None or len(sort_key) > LONGEST_KEY or not sort_key.isascii():
        raise Unreadable("key")
    if not message_id(item):
        raise Unreadable("id")
    if not item.get("senderId", {}).get("S"):
        raise Unreadable("sender")
    if "text" in item and "S" not in item["text"]:
        raise Unreadable("text")
    if item.get("type", {"S": "Message"}) != {"S": "Message"}:
        raise Unreadable("type")
    finer = attribute_stamp(item)
    instant = finer.instant if finer and written.covers(finer.instant) else written.instant
    return OrderKey(instant, _id_in(sort_key), sort_key)


def message_id(item: Item) -> str:
    own: Any = item.get("id", {}).get("S")
    return str(own or _id_in(_first_key(item)))


def to_message(room: Room, item: Item, order: OrderKey) -> Message:
    """The message in an item that `order_key` could read. It has no number yet, even where its copy does."""
    return Message(
        id=message_id(item),
        room_id=room.id,
        room_type=room.type,
        guild_id=room.guild_id,
        sender_id=item["senderId"]["S"],
        text=item["text"]["S"] if "text" in item else None,
        ts=order.ms,
    )


def is_copy(item: Item) -> bool:
    """Whether an item repeats another one that still is there, until its room is adopted."""
    return "adoptedFrom" in item and item["adoptedFrom"] != item["SK"]


def is_numbered(item: Item) -> bool:
    """Whether an item counts in a room that has a head: what has no number has a copy that does, or was never
    adopted."""
    return "seq" in item
