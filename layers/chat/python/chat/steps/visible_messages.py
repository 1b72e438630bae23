"""Single messages by their ids, as somebody may see them: the one judgement of visibility, retention and expiry for
whatever reads messages by their keys. A removed message is answered as removed; what is not to be seen, or is gone,
is left out, so that nobody learns which it is.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

from chat.deployment import Deployment
from chat.rules.access import RoomAccess, View, enter_room
from chat.rules.characters import is_plain
from chat.rules.errors import InvalidInput
from chat.rules.models import Caller, Head, Item, Message
from chat.rules.permissions import Operation
from chat.rules.record import record
from chat.rules.retention import readable_since
from chat.rules.rooms import Room
from chat.rules.visibility import first_visible_to
from chat.steps.batches import found_at
from chat.storage import keys
from chat.storage.items import is_expired, to_message
from chat.storage.legacy import is_numbered
from chat.storage.places import Found, Place, head_place, in_room, membership_place

MOST_IDS = 100
LONGEST_ID = 250
"""In code points. A sort key has at most 1,024 bytes, and ids from before may be of any characters."""


def is_message_id(value: object) -> TypeGuard[str]:
    """Whether it may be a message's id, of today or from before."""
    return isinstance(value, str) and 0 < len(value) <= LONGEST_ID and is_plain(value)


def check_ids(arguments: Mapping[str, Any], argument: str = "ids", most: int = MOST_IDS) -> list[str]:
    """The different message ids that an argument names, in its order. Raises `InvalidInput`; reads nothing."""
    ids = arguments.get(argument)
    if not isinstance(ids, list) or len(ids) > most or not all(is_message_id(each) for each in ids):
        raise InvalidInput("message.ids", argument=argument, max=most)
    return list(dict.fromkeys(ids))


def unexpired_message(
    deployment: Deployment, room: Room, head: Head | None, item: Item | None, now: int
) -> Message | None:
    """The message in an item of the room's partition, unless it is gone at `now` (ms) by its own instant or by the
    room's retention. Whom it is visible to is not judged here."""
    if item is None or not is_numbered(item) or is_expired(item, now // 1_000):
        return None
    if item["SK"]["S"] < keys.message_floor(readable_since(head, deployment.defaults, now)):
        return None
    return to_message(room, item)


def visible_message(
    deployment: Deployment, room: Room, entry: RoomAccess, item: Item | None, now: int
) -> Message | None:
    """The same, if whoever has got the room may see it."""
    message = unexpired_message(deployment, room, entry.head, item, now)
    is_visible = message is not None and (message.seq or 0) >= first_visible_to(entry)
    return message if is_visible else None


def message_places(room: Room, ids: Sequence[str]) -> dict[str, Place]:
    """Where messages lie, by id. Those from before this backend, whose ids do not tell it, are left out."""
    sort_keys = {each: keys.message_of(each) for each in ids}
    return {each: in_room(room, sort_key) for each, sort_key in sort_keys.items() if sort_key is not None}


def visible_messages(
    deployment: Deployment,
    room: Room,
    entry: RoomAccess,
    ids: Sequence[str],
    deadline: float,
    *,
    consistent: bool = True,
) -> dict[str, Message]:
    """By id and in the order of `ids`, those of the messages that whoever has got the room may see, in a request for
    each hundred. Raises `ServiceUnavailable`."""
    places = message_places(room, ids)
    found = found_at(deployment, list(places.values()), deadline, consistent=consistent)
    return _seen(deployment, room, entry, places, found)


@record(frozen=True, slots=True)
class VisibleMessages:
    """A room that the caller has got, and those of the messages that they may see, by id and in the order asked for."""

    entry: RoomAccess
    messages: Mapping[str, Message]


def read_visible(
    deployment: Deployment,
    room: Room,
    caller: Caller,
    ids: Sequence[str],
    deadline: float,
    operation: Operation = "read",
) -> VisibleMessages:
    """The room, the caller's membership and messages by id: 2 read units and one for each message, in one consistent
    request, or in two for more than 98. Raises `NotRoomMember`, `NotAllowed` and `ServiceUnavailable`."""
    places = message_places(room, ids)
    own = head_place(room), membership_place(room, caller.user_id)
    found = found_at(deployment, [*own, *places.values()], deadline, consistent=True)
    entry = enter_room(View.of(*(found.get(each) for each in own)), caller, operation)
    return VisibleMessages(entry, _seen(deployment, room, entry, places, found))


def _seen(
    deployment: Deployment, room: Room, entry: RoomAccess, places: Mapping[str, Place], found: Found
) -> dict[str, Message]:
    now = deployment.now()
    seen = {each: visible_message(deployment, room, entry, found.get(at), now) for each, at in places.items()}
    return {each: message for each, message in seen.items() if message is not None}
