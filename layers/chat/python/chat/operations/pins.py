"""The pinned messages of a room."""

from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import enter_room
from chat.rules.instants import to_wire
from chat.rules.models import Caller
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.pins import read_pins
from chat.steps.retry import deadline_of, retried
from chat.steps.visible_messages import visible_messages


def pins(
    deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally
) -> list[dict[str, Any]]:
    """The schema's `Pin`s of the room that `arguments` (`roomId`) name, the newest first, each with its message as it is
    now, as far as the caller may see it: one request where nothing is pinned, else three.

    Raises `InvalidInput`, `NotRoomMember`, `NotAllowed` (not adopted yet) and `ServiceUnavailable`.
    """
    room, store = Room.parse(arguments.get("roomId")), deployment.store
    deadline = deadline_of(deployment)
    with tally.timing("StoreMs"):
        view = retried(deployment, lambda: store.view(room, caller.user_id, consistent=True), deadline)
        entry = enter_room(view, caller, "read")
        if not entry.head.pins:
            return []
        found = retried(deployment, lambda: read_pins(deployment, room), deadline)
        newest = sorted(found.values(), key=lambda pin: pin.rev, reverse=True)
        ids = [pin.message_id for pin in newest]
        messages = visible_messages(deployment, room, entry, ids, deadline)
    shown = [pin for pin in newest if pin.message_id in messages]
    tally.add("PageSize", len(shown))
    return [
        {
            "message": messages[pin.message_id].to_wire(),
            "pinnedBy": pin.pinned_by,
            "pinnedAt": to_wire(pin.pinned_at),
        }
        for pin in shown
    ]
