"""What a heartbeat says, checked before anything is read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from chat.rules.arguments import check_instant, is_whole
from chat.rules.errors import InvalidInput
from chat.rules.rooms import Room
from chat.steps.presence_items import PresenceStatus

MOST_ROOMS = 50


@dataclass(frozen=True, slots=True)
class Position:
    """Up to where a client has everything of a room, and that message's instant (ms) if it told it."""

    room: Room
    seq: int
    ts: int | None


@dataclass(frozen=True, slots=True)
class Beat:
    """A heartbeat: as what, with which room open, and what the client has."""

    status: PresenceStatus
    watching: Room | None
    positions: tuple[Position, ...]


def check_beat(arguments: Mapping[str, Any]) -> Beat:
    """The heartbeat in `arguments` (`status`, `watching`, `rooms`). Raises `InvalidInput`."""
    watching, named = arguments.get("watching"), arguments.get("rooms")
    named = [] if named is None else named
    if not isinstance(named, list) or len(named) > MOST_ROOMS:
        raise InvalidInput("presence.rooms", argument="rooms", max=MOST_ROOMS)
    positions = tuple(_position(each) for each in named)
    if len({position.room.id for position in positions}) < len(positions):
        raise InvalidInput("presence.rooms", argument="rooms", max=MOST_ROOMS)
    opened = None if watching is None else Room.parse(watching, argument="watching")
    return Beat(_status(arguments.get("status")), opened, positions)


def _position(given: object) -> Position:
    if not isinstance(given, dict):
        raise InvalidInput("presence.rooms", argument="rooms", max=MOST_ROOMS)
    room, seq = Room.parse(given.get("roomId"), argument="rooms"), given.get("seq")
    if not is_whole(seq, 0):
        raise InvalidInput("presence.rooms", argument="rooms", max=MOST_ROOMS)
    return Position(room, seq, check_instant(given.get("ts")))


def _status(name: object) -> PresenceStatus:
    for status in get_args(PresenceStatus):
        if name in (None, status.upper()):
            found: PresenceStatus = status
            return found
    raise InvalidInput("room.choice", argument="status")
