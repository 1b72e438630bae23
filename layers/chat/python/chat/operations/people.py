"""What people of a room are called, and how they look."""

from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import View, enter_room
from chat.rules.models import Caller, Member
from chat.rules.people import check_ids, person_to_wire, was_there
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.batches import found_at
from chat.steps.look_alikes import look_alikes_in
from chat.steps.people import read_profiles
from chat.steps.retry import deadline_of
from chat.storage.places import head_place, membership_place


def people(
    deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally, *, compare: bool
) -> list[dict[str, Any]]:
    """The schema's `Person` of those whom `arguments` (`roomId`, `ids`) name, in that order: of whoever is or was in the
    room. Everybody else is left out alike, whether there is such a person or not.

    Two requests for up to 98 people, and one more beyond. `compare`: whether to say whose name looks like another's, which
    takes two more at the most. Raises `InvalidInput`, `NotRoomMember`, `NotAllowed` and `ServiceUnavailable`.
    """
    room, ids, deadline = Room.parse(arguments.get("roomId")), check_ids(arguments), deadline_of(deployment)
    head, mine = head_place(room), membership_place(room, caller.user_id)
    theirs = {user_id: membership_place(room, user_id) for user_id in ids}
    with tally.timing("StoreMs"):
        found = found_at(deployment, [head, mine, *theirs.values()], deadline, consistent=False)
        enter_room(View.of(found.get(head), found.get(mine)), caller, "read")
        there = [user_id for user_id, place in theirs.items() if was_there(Member.found(found.get(place)))]
        profiles = read_profiles(deployment, there, tally, deadline)
        alike = look_alikes_in(deployment, room, profiles, tally, deadline) if compare else None
    tally.add("PageSize", len(there))
    return [
        person_to_wire(each, profiles[each], is_confusable=None if alike is None else each in alike)
        for each in there
    ]
