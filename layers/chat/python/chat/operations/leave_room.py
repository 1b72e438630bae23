"""Leave a room, which ends the room's epoch."""

from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import open_room
from chat.rules.models import Caller, Message
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.notices import revocation_notice
from chat.steps.retry import until_committed
from chat.steps.roster import head_write, owners_gained, read_people, remove_writes, with_owner_count


def leave_room(deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally) -> Message:
    """Take the caller out of the room that `arguments` (`roomId`) name; the notice is the last event of the
    epoch.

    For somebody who has gone already it answers that event again. Raises `InvalidInput`, `NotRoomMember`,
    `NotAllowed` (the last owner) and `ServiceUnavailable`.
    """
    room = Room.parse(arguments.get("roomId"))

    def last_event(ended: int, rev: int | None) -> Message:
        return revocation_notice(deployment, room, caller, "MEMBER_LEFT", caller.user_id, ended, rev)

    def step() -> Message:
        snapshot = read_people(deployment.store, room, caller, caller.user_id)
        gone = snapshot.person
        if gone is not None and gone.status == "left" and gone.ended_epoch is not None:
            return last_event(gone.ended_epoch, None)
        access = open_room(snapshot.view, "leave")
        head, member = with_owner_count(deployment.store, room, access.head), access.member
        now = deployment.now()
        deployment.store.tables.transact(
            [
                head_write(room, head, revoked_at=now, owners=owners_gained(head, member, None)),
                *remove_writes(room, caller.user_id, member, head.epoch, now),
            ]
        )
        return last_event(head.epoch, head.rev + 1)

    return until_committed(deployment, tally, step)
