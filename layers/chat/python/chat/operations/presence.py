"""Who of a room's members is there."""

from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import enter_room
from chat.rules.devices import status_of
from chat.rules.instants import to_wire
from chat.rules.models import DAY_MS, Caller
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.batches import found_at
from chat.steps.listing import list_people
from chat.steps.occupancy import count_watching, occupancy_places
from chat.steps.presence_items import NOBODY, Presence, presence_place
from chat.steps.receipt_items import SMALL_ROOM_MEMBERS
from chat.steps.retry import deadline_of, retried
from chat.storage.items import is_expired
from chat.storage.places import Found


def presence(
    deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally
) -> dict[str, Any]:
    """Who is there in the room of `arguments` (`roomId`); answers the schema's `RoomPresence`.

    Raises `InvalidInput`, `NotRoomMember`, `NotAllowed`, `ServiceUnavailable`.
    """
    room, now, deadline = Room.parse(arguments.get("roomId")), deployment.now(), deadline_of(deployment)
    view = retried(
        deployment, lambda: deployment.store.view(room, caller.user_id, consistent=False), deadline
    )
    enter_room(view, caller, "read")
    lines, are_many = retried(
        deployment, lambda: list_people(deployment.store, room, "ACTIVE", SMALL_ROOM_MEMBERS), deadline
    )
    users = [] if are_many else [line.user_id for line in lines]
    wanted = [*occupancy_places(room, now), *(presence_place(user) for user in users)]
    found = found_at(deployment, wanted, deadline, consistent=False)
    people = None if are_many else [_person(found, user, now, deployment.presence_days) for user in users]
    return {
        "roomId": room.id,
        "people": people,
        "online": None if people is None else sum(each["status"] != "OFFLINE" for each in people),
        "watching": count_watching(found, room, now),
    }


def _person(found: Found, user_id: str, now: int, kept_days: int) -> dict[str, Any]:
    """The schema's `Presence`. `kept_days`: for how long it is kept now, which may be less than when it was written."""
    item = found.get(presence_place(user_id))
    seen = Presence.of(item) if item and not is_expired(item, now // 1_000) else NOBODY
    devices = seen.by_key()
    last = max((device.seen_at for device in devices.values()), default=None)
    if last is not None and last + kept_days * DAY_MS < now:
        last = None
    return {
        "userId": user_id,
        "status": status_of(devices, now).upper(),
        "lastSeenAt": None if last is None else to_wire(min(last, now)),
    }
