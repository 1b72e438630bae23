"""Find people of a room by the beginning of their names."""

from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import enter_room
from chat.rules.models import Caller
from chat.rules.people import check_found, check_prefix, person_to_wire
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.look_alikes import look_alikes_in
from chat.steps.people_search import search
from chat.steps.retry import deadline_of, retried


def search_people(
    deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally, *, compare: bool
) -> list[dict[str, Any]]:
    """The schema's `Person` of up to `limit` people in the room of `arguments` (`roomId`, `prefix`, `limit`) whose name or id
    begins with `prefix`, capitals and accents aside, by their names.

    Three requests in a room of up to a hundred people, six in a larger one; two more at the most to `compare` names. Raises
    `InvalidInput`, `NotRoomMember`, `NotAllowed` and `ServiceUnavailable`.
    """
    room, prefix, limit = Room.parse(arguments.get("roomId")), check_prefix(arguments), check_found(arguments)
    store, deadline = deployment.store, deadline_of(deployment)
    with tally.timing("StoreMs"):
        view = retried(deployment, lambda: store.view(room, caller.user_id, consistent=False), deadline)
        enter_room(view, caller, "read")
        found = search(deployment, room, prefix, limit, tally, deadline)
        alike = look_alikes_in(deployment, room, found, tally, deadline) if compare else None
    tally.add("PageSize", len(found))
    return [
        person_to_wire(each, profile, is_confusable=None if alike is None else each in alike)
        for each, profile in found.items()
    ]
