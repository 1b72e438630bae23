"""Leave a room, which ends the room's epoch."""

from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import open_room
from chat.rules.models import Caller, Message
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.notices import notify_of_parting
from chat.steps.retry import settled
from chat.steps.roster import counted, look, moved_head, owners_gained, unseated


def leave_room(deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally) -> Message:
    """Take the caller out of the room that `arguments` (`roomId`) name; the notice is the last event of the epoch.

    For somebody who has gone already it tells that event again. Raises `InvalidInput`, `NotRoomMember`, `NotAllowed` (the
    last owner) and `ServiceUnavailable`.
    """
    room = Room.parse(arguments.get("roomId"))

    def parting(ended: int, rev: int | None) -> Message:
        return notify_of_parting(deployment, room, caller, "MEMBER_LEFT", caller.user_id, ended, rev)

    def step() -> Message:
        scene = look(deployment.store, room, caller, caller.user_id)
        gone = scene.person
        if gone is not None and gone.status == "left" and gone.ended_epoch is not None:
            return parting(gone.ended_epoch, None)
        access = open_room(scene.view, "leave")
        head, member = counted(deployment.store, room, access.head), access.member
        now = deployment.now()
        deployment.store.tables.transact(
            [
                moved_head(room, head, parted_at=now, owners=owners_gained(head, member, None)),
                *unseated(room, caller.user_id, member, head.epoch, now),
            ]
        )
        return parting(head.epoch, head.rev + 1)

    return settled(deployment, tally, step)
