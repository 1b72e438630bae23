"""What a heartbeat says, checked before anything is read."""

from collections.abc import Mapping
from typing import Any, get_args

from chat.rules.arguments import check_instant, check_user, is_whole
from chat.rules.devices import PresenceStatus, check_device
from chat.rules.errors import InvalidInput
from chat.rules.record import record
from chat.rules.rooms import Room, is_id, is_user_id

MOST_ROOMS = 50
MOST_PEOPLE = 100
"""How many people one `heartbeats` may be about."""

MOST_POSITIONS = 500
"""How many rooms all of them may name together: each is two items to be read, and one to be written."""


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


@record(frozen=True, slots=True)
class PersonReport:
    """What a service says of one person: whose heartbeat, as it was named, and either the heartbeat or what is wrong with
    it."""

    user_id: str
    device_id: str | None
    request: HeartbeatRequest | None
    refusal: InvalidInput | None = None


def check_people(arguments: Mapping[str, Any]) -> list[PersonReport]:
    """The heartbeats in `arguments` (`people`), in their order. What is wrong with one is its own matter: for what is no list,
    too many people or too many rooms in all this raises `InvalidInput`."""
    people = arguments.get("people")
    if not isinstance(people, list) or len(people) > MOST_PEOPLE:
        raise InvalidInput("presence.people", argument="people", max=MOST_PEOPLE)
    named = [each.get("rooms") for each in people if isinstance(each, dict)]
    if len(named) < len(people):
        raise InvalidInput("presence.people", argument="people", max=MOST_PEOPLE)
    if sum(len(rooms) for rooms in named if isinstance(rooms, list)) > MOST_POSITIONS:
        raise InvalidInput("presence.positions", argument="people", max=MOST_POSITIONS)
    return [_report(each) for each in people]


def _report(given: Mapping[str, Any]) -> PersonReport:
    """What is named is answered as it was, if it is a text."""
    user_id, device_id = given.get("userId"), given.get("deviceId")
    shown = (user_id if is_user_id(user_id) else "", device_id if is_id(device_id) else None)
    try:
        return PersonReport(check_user(given), shown[1], check_heartbeat(given))
    except InvalidInput as refusal:
        return PersonReport(*shown, None, refusal)


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
