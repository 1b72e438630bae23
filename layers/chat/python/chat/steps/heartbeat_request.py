"""What a heartbeat says, checked before anything is read."""

from collections.abc import Mapping
from typing import Any, get_args

from chat.rules.arguments import check_instant, is_whole
from chat.rules.devices import PresenceStatus, check_device
from chat.rules.errors import InvalidInput
from chat.rules.record import record
from chat.rules.rooms import Room

MOST_ROOMS = 50


@record(frozen=True, slots=True)
class RoomProgress:
    """Up to where a client has everything of a room, and that message's instant (ms) if it named it."""

    room: Room
    seq: int
    ts: int | None


@record(frozen=True, slots=True)
class HeartbeatRequest:
    """A heartbeat: of which device (its key), as what, with which room open, and what the client has."""

    device: str
    status: PresenceStatus
    watching: Room | None
    rooms: tuple[RoomProgress, ...]


def check_heartbeat(arguments: Mapping[str, Any]) -> HeartbeatRequest:
    """The heartbeat in `arguments` (`deviceId`, `status`, `watching`, `rooms`). Raises `InvalidInput`."""
    watching, named = arguments.get("watching"), arguments.get("rooms")
    named = [] if named is None else named
    if not isinstance(named, list) or len(named) > MOST_ROOMS:
        raise InvalidInput("presence.rooms", argument="rooms", max=MOST_ROOMS)
    rooms = tuple(_progress(each) for each in named)
    if len({progress.room.id for progress in rooms}) < len(rooms):
        raise InvalidInput("presence.rooms", argument="rooms", max=MOST_ROOMS)
    opened = None if watching is None else Room.parse(watching, argument="watching")
    device = check_device(arguments.get("deviceId"))
    return HeartbeatRequest(device, _status(arguments.get("status")), opened, rooms)


def _progress(given: object) -> RoomProgress:
    if not isinstance(given, dict):
        raise InvalidInput("presence.rooms", argument="rooms", max=MOST_ROOMS)
    room, seq = Room.parse(given.get("roomId"), argument="rooms"), given.get("seq")
    if not is_whole(seq, 0):
        raise InvalidInput("presence.rooms", argument="rooms", max=MOST_ROOMS)
    return RoomProgress(room, seq, check_instant(given.get("ts")))


def _status(name: object) -> PresenceStatus:
    for status in get_args(PresenceStatus):
        if name in (None, status.upper()):
            found: PresenceStatus = status
            return found
    raise InvalidInput("room.choice", argument="status")
