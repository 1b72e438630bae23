"""Take somebody out of a room, which ends the room's epoch."""

from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import enter_room, may_act_on
from chat.rules.arguments import check_user
from chat.rules.models import Caller, Message
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.notices import notify_of_parting
from chat.steps.retry import settled
from chat.steps.roster import counted, look, moved_head, owners_gained, still_there, there, unseated


def remove_member(
    deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally
) -> Message:
    """Take out the person whom `arguments` (`roomId`, `userId`) name; the notice is the last event of the epoch.

    For somebody who has gone already it tells that event again. Raises `InvalidInput`, `NotRoomMember`, `NotAllowed` (also
    where they never were there) and `ServiceUnavailable`.
    """
    room, user_id = Room.parse(arguments.get("roomId")), check_user(arguments)

    def parting(ended: int, rev: int | None) -> Message:
        return notify_of_parting(deployment, room, caller, "MEMBER_REMOVED", user_id, ended, rev)

    def step() -> Message:
        scene = look(deployment.store, room, caller, user_id)
        entry, gone = enter_room(scene.view, caller, "removeMember"), scene.person
        may_act_on(entry, caller, user_id, gone)
        if gone is not None and gone.status != "active" and gone.ended_epoch is not None:
            return parting(gone.ended_epoch, None)
        head, person = counted(deployment.store, room, entry.head), there(scene.person)
        now = deployment.now()
        deployment.store.tables.transact(
            [
                moved_head(room, head, parted_at=now, owners=owners_gained(head, person, None)),
                *unseated(room, user_id, person, head.epoch, now),
                *still_there(room, caller, entry),
            ]
        )
        return parting(head.epoch, head.rev + 1)

    return settled(deployment, tally, step)
