"""Give a member another role."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import RoomAccess, enter_room, may_act_on
from chat.rules.arguments import check_role, check_user
from chat.rules.errors import InvalidInput
from chat.rules.models import Caller, Head, Member, Message, Notice
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.notices import notice_message
from chat.steps.retry import until_room_is_changed
from chat.steps.revision import commit, next_revision
from chat.steps.roster import (
    RosterSnapshot,
    caller_unchanged,
    check_active,
    owners_gained,
    read_people,
    role_writes,
    with_owner_count,
)


def set_role(deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally) -> Message:
    """Give the person whom `arguments` (`roomId`, `userId`, `role`) name that role. Owners may give up their
    own, and administrators in the room take any.

    Raises `InvalidInput`, `NotRoomMember`, `NotAllowed` (also for the last owner) and `ServiceUnavailable`.
    """
    room, user_id = Room.parse(arguments.get("roomId")), check_user(arguments)
    role = check_role(arguments)
    if role is None:
        raise InvalidInput("room.choice", argument="role")
    own = user_id == caller.user_id

    notice = Notice(kind="ROLE_CHANGED", user_id=user_id, role=role)

    def again(head: Head) -> Message:
        return notice_message(deployment, room, caller, head.epoch, replace(notice, rev=head.rev))

    def step() -> Message:
        snapshot = read_people(deployment.store, room, caller, user_id)
        if own:
            # Who gave up ownership and did not hear the answer may do so again, though no longer allowed to.
            mine = enter_room(snapshot.view, caller, "look")
            if mine.member is not None and mine.member.role == role:
                return again(mine.head)
        entry, person = _judge(snapshot, caller, user_id)
        head = entry.head
        if person.role == role:
            return again(head)
        if "owner" in (role, person.role):
            head = with_owner_count(deployment.store, room, head)
        writes = role_writes(room, user_id, person, role)
        if not own:
            writes += caller_unchanged(room, caller, entry)
        gained = owners_gained(head, person, role)
        given = next_revision(deployment, room, head, caller, notice, owners=gained)
        commit(deployment, given, writes)
        return given.message

    return until_room_is_changed(deployment, tally, room, step)


def _judge(snapshot: RosterSnapshot, caller: Caller, user_id: str) -> tuple[RoomAccess, Member]:
    """By what the caller may do so, and to whom. Raises `NotRoomMember` and `NotAllowed`."""
    entry = enter_room(snapshot.view, caller, "setRole")
    if not (user_id == caller.user_id and entry.standing in ("owner", "admin")):
        may_act_on(entry, caller, user_id, snapshot.person)
    return entry, check_active(snapshot.person)
