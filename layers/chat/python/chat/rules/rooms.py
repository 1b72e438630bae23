"""What a room id names, and where the room lies: the one place that chooses a table."""

import re
from dataclasses import dataclass
from typing import Literal

from chat.rules.errors import InvalidInput

GUILD_PREFIX = "GUILD#"
_ID = re.compile(r"[A-Za-z0-9_.:|@-]{1,128}")

Table = Literal["core", "guild"]
RoomType = Literal["general", "guild"]


def is_id(value: object) -> bool:
    """Whether `value` may be a room's, guild's, user's or client message's id: 1–128 of `A-Z a-z 0-9 _ . : |
    @ -`."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


@dataclass(frozen=True, slots=True)
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
        elif isinstance(room_id, str) and is_id(room_id):
            return cls(room_id, "general", "core", f"ROOM#{room_id}", None)
        raise InvalidInput("room.invalidId", argument=argument)

    @classmethod
    def lying_in(cls, partition_key: str) -> "Room":
        """The room whose items have this partition key: what comes after `IN#` and `AT#` in a person's
        partition."""
        return cls.parse(partition_key.removeprefix("ROOM#"))
