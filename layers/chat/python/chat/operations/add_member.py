"""Take somebody into a room."""

from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import enter_room, may_appoint
from chat.rules.arguments import check_role, check_user
from chat.rules.errors import NotAllowed
from chat.rules.models import Caller, Message, Notice, Role
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.notices import notify
from chat.steps.retry import settled
from chat.steps.roster import counted, keep_within_rooms, look, moved_head, same_epoch, seated, still_there


def add_member(deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally) -> Message:
    """Take in the person whom `arguments` (`roomId`, `userId`, `role`) name. Who is there already stays as they are.

    Raises `InvalidInput`, `NotRoomMember`, `NotAllowed` (also for somebody who is banned) and `ServiceUnavailable`.
    """
    room, user_id = Room.parse(arguments.get("roomId")), check_user(arguments)
    role = check_role(arguments) or "member"

    def answer(epoch: int, rev: int, given: Role) -> Message:
        notice = Notice(kind="MEMBER_ADDED", user_id=user_id, role=given, rev=rev)
        return notify(deployment, room, caller, epoch, notice)

    def step() -> Message:
        scene = look(deployment.store, room, caller, user_id)
        entry, person = enter_room(scene.view, caller, "addMember"), scene.person
        may_appoint(entry, role)
        head = entry.head
        if person is None:
            keep_within_rooms(deployment, room, user_id)
        elif person.status == "banned":
            raise NotAllowed("room.banned", reason="banned")
        elif person.status == "active":
            return answer(head.epoch, head.rev, person.role)
        writes = [*seated(room, user_id, person, role, head.seq), *still_there(room, caller, entry)]
        rev = head.rev
        if role == "owner":
            writes.append(moved_head(room, counted(deployment.store, room, head), owners=1))
            rev += 1
        else:
            writes.append(same_epoch(room, entry))
        deployment.store.tables.transact(writes)
        return answer(head.epoch, rev, role)

    return settled(deployment, tally, step)
