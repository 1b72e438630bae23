"""Take somebody out of a room, which ends the room's epoch."""

from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import RoomAccess, enter_room, may_act_on
from chat.rules.arguments import check_user
from chat.rules.generations import ended_epoch
from chat.rules.models import Caller, Member, Message, Notice
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.notices import invitation_notice, revocation_notice
from chat.steps.quota import returned_room
from chat.steps.retry import until_room_is_changed
from chat.steps.revision import commit, next_revision
from chat.steps.roster import (
    caller_unchanged,
    check_active,
    end_invitation_writes,
    owners_gained,
    read_people,
    remove_writes,
    with_owner_count,
)


def remove_member(
    deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally
) -> Message:
    """Take out the person whom `arguments` (`roomId`, `userId`) name; the notice is the last event of the
    epoch.

    The invitation of somebody who is invited is taken back, which ends no epoch. For somebody who has gone already it answers that event again. Raises `InvalidInput`, `NotRoomMember`,
    `NotAllowed` (also where they never were there) and `ServiceUnavailable`.
    """
    room, user_id = Room.parse(arguments.get("roomId")), check_user(arguments)

    def take_back(entry: RoomAccess, invited: Member) -> Message:
        notice = Notice(kind="INVITATION_ENDED", user_id=user_id)
        taken_back = next_revision(deployment, room, entry.head, caller, notice)
        now = taken_back.event.ts
        writes = [*end_invitation_writes(room, user_id, invited, now), *returned_room(user_id, invited, now)]
        commit(deployment, taken_back, [*writes, *caller_unchanged(room, caller, entry)])
        return taken_back.message

    def step() -> Message:
        snapshot = read_people(deployment.store, room, caller, user_id)
        entry, gone = enter_room(snapshot.view, caller, "removeMember"), snapshot.person
        may_act_on(entry, caller, user_id, gone)
        if gone is not None and gone.status != "active" and (ended := ended_epoch(gone, entry.head)):
            return revocation_notice(deployment, room, caller, "MEMBER_REMOVED", user_id, ended)
        if gone is not None and gone.status == "invited":
            return take_back(entry, gone)
        if gone is not None and gone.status == "left" and gone.invitation_ended:
            return invitation_notice(deployment, room, caller, user_id, entry.head.epoch)
        head, person = with_owner_count(deployment.store, room, entry.head), check_active(snapshot.person)
        now, gained = deployment.now(), owners_gained(head, person, None)
        notice = Notice(kind="MEMBER_REMOVED", user_id=user_id)
        removed = next_revision(deployment, room, head, caller, notice, revoked_at=now, owners=gained)
        writes = [
            *remove_writes(room, user_id, person, head.epoch, now),
            *returned_room(user_id, person, now),
            *caller_unchanged(room, caller, entry),
        ]
        commit(deployment, removed, writes)
        return removed.message

    return until_room_is_changed(deployment, tally, room, step)
