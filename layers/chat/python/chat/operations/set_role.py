"""Give a member another role."""

from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import Entry, enter_room, may_act_on
from chat.rules.arguments import check_role, check_user
from chat.rules.errors import InvalidInput
from chat.rules.models import Caller, Member, Message, Notice
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.notices import notify
from chat.steps.retry import settled
from chat.steps.roster import (
    Scene,
    counted,
    look,
    moved_head,
    owners_gained,
    same_epoch,
    still_there,
    there,
    with_role,
)


def set_role(deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally) -> Message:
    """Give the person whom `arguments` (`roomId`, `userId`, `role`) name that role. Owners may give up their own.

    Raises `InvalidInput`, `NotRoomMember`, `NotAllowed` (also for the last owner) and `ServiceUnavailable`.
    """
    room, user_id = Room.parse(arguments.get("roomId")), check_user(arguments)
    role = check_role(arguments)
    if role is None:
        raise InvalidInput("room.choice", argument="role")
    own = user_id == caller.user_id

    def answer(epoch: int, rev: int) -> Message:
        notice = Notice(kind="ROLE_CHANGED", user_id=user_id, role=role, rev=rev)
        return notify(deployment, room, caller, epoch, notice)

    def step() -> Message:
        scene = look(deployment.store, room, caller, user_id)
        if own:
            # Who gave up ownership and did not hear the answer may do so again, though no longer allowed to.
            mine = enter_room(scene.view, caller, "look")
            if mine.member is not None and mine.member.role == role:
                return answer(mine.head.epoch, mine.head.rev)
        entry, person = _judge(scene, caller, user_id)
        head = entry.head
        if person.role == role:
            return answer(head.epoch, head.rev)
        if "owner" in (role, person.role):
            head = counted(deployment.store, room, head)
        writes = with_role(room, user_id, person, role)
        if not own:
            writes += still_there(room, caller, entry)
        gained = owners_gained(head, person, role)
        if gained:
            writes.append(moved_head(room, head, owners=gained))
        else:
            writes.append(same_epoch(room, entry))
        deployment.store.tables.transact(writes)
        return answer(head.epoch, head.rev + abs(gained))

    return settled(deployment, tally, step)


def _judge(scene: Scene, caller: Caller, user_id: str) -> tuple[Entry, Member]:
    """By what the caller may do so, and to whom. Raises `NotRoomMember` and `NotAllowed`."""
    entry = enter_room(scene.view, caller, "setRole")
    if not (user_id == caller.user_id and entry.standing == "owner"):
        may_act_on(entry, caller, user_id, scene.person)
    return entry, there(scene.person)
