"""What ids may be, what a room's id names, and where the room lies: the one place that chooses a table."""

import re
from typing import Literal, TypeGuard

from chat.rules.characters import is_plain
from chat.rules.errors import InvalidInput
from chat.rules.record import record

GUILD_PREFIX = "GUILD#"
RESERVED = "direct:"
"""How the ids of direct rooms begin: `chat/rules/direct.py`. Nobody chooses such an id."""
_ID = re.compile(r"[A-Za-z0-9_.:|@-]{1,128}")
MAX_USER_ID, MAX_USER_ID_BYTES = 128, 256
"""A user id's code points, and its bytes in UTF-8."""

ERASED = "erased:[0-9a-f]{128}"
"""A pattern of what is reserved for the senders of messages whose sender was erased: longer than any user id,
so it is nobody's, and no subject, argument or roster can name it."""

Table = Literal["core", "guild"]
RoomType = Literal["general", "guild"]


def is_id(value: object) -> TypeGuard[str]:
    """Whether `value` may be a room's, guild's or client message's id: 1–128 of `A-Z a-z 0-9 _ . : | @ -`."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def is_user_id(value: object) -> TypeGuard[str]:
    """Whether `value` may be a user's id: any subject of a token of 1–128 code points, and at most 256 bytes,
    without control characters, noncharacters and halves of surrogate pairs. Ids are compared exactly."""
    if not isinstance(value, str) or not 0 < len(value) <= MAX_USER_ID or not is_plain(value):
        return False
    return len(value.encode()) <= MAX_USER_ID_BYTES


@record(frozen=True, slots=True)
class Room:
    """A room by its id on the wire: `lobby`, or `GUILD#dragons`."""

    id: str
    type: RoomType
    table: Table
    partition_key: str
    guild_id: str | None

    @classmethod
    def parse(cls, room_id: object, argument: str = "roomId") -> "Room":
        """The room that `room_id` names. Raises `InvalidInput`; whether the room exists is not looked at."""
        if isinstance(room_id, str) and room_id.startswith(GUILD_PREFIX):
            guild_id = room_id.removeprefix(GUILD_PREFIX)
            if is_id(guild_id):
                return cls(room_id, "guild", "guild", room_id, guild_id)
        elif is_id(room_id):
            return cls(room_id, "general", "core", f"ROOM#{room_id}", None)
        raise InvalidInput("room.invalidId", argument=argument)

    @classmethod
    def lying_in(cls, partition_key: str) -> "Room":
        """The room whose items have this partition key: what comes after `IN#` and `AT#` in a person's
        partition."""
        return cls.parse(partition_key.removeprefix("ROOM#"))
