"""End a room for everybody."""

from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import enter_room, may_end
from chat.rules.models import Caller, Message
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.holds import check_may_end
from chat.steps.retry import until_room_is_changed
from chat.steps.room_end import commit_end, end_revision, repeated_end_notice
from chat.steps.roster import caller_unchanged, read_people


def delete_room(
    deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally
) -> Message:
    """End the room that `arguments` (`roomId`) name; the notice is its last event. From then on every operation
    answers as if there were no such room, and a job removes what is stored of it.

    For whoever has ended it already it answers that event again, until the job is done. Raises `InvalidInput`,
    `NotRoomMember`, `NotAllowed` and `ServiceUnavailable`.
    """
    room = Room.parse(arguments.get("roomId"))

    def step() -> Message:
        view = read_people(deployment.store, room, caller, caller.user_id).view
        if repeated := repeated_end_notice(deployment, room, caller, view.head):
            return repeated
        entry = enter_room(view, caller, "deleteRoom")
        may_end(entry, room)
        check_may_end(deployment, room, entry.head)
        ended = end_revision(deployment, room, entry.head, caller)
        commit_end(deployment, ended, caller_unchanged(room, caller, entry))
        return ended.message

    return until_room_is_changed(deployment, tally, room, step)
