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
from chat.steps.notices import notice_message
from chat.steps.retry import until_committed
from chat.steps.roster import (
    add_writes,
    caller_unchanged,
    check_room_limit,
    coming,
    head_write,
    read_people,
    with_owner_count,
)


def add_member(deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally) -> Message:
    """Take in the person whom `arguments` (`roomId`, `userId`, `role`) name. Who is there already stays as
    they are.

    Raises `InvalidInput`, `NotRoomMember`, `NotAllowed` (also for somebody who is banned) and
    `ServiceUnavailable`.
    """
    room, user_id = Room.parse(arguments.get("roomId")), check_user(arguments)
    role = check_role(arguments) or "member"

    def answer(epoch: int, rev: int, given: Role) -> Message:
        notice = Notice(kind="MEMBER_ADDED", user_id=user_id, role=given, rev=rev)
        return notice_message(deployment, room, caller, epoch, notice)

    def step() -> Message:
        snapshot = read_people(deployment.store, room, caller, user_id)
        entry, person = enter_room(snapshot.view, caller, "addMember"), snapshot.person
        may_appoint(entry, role)
        head = entry.head
        if person is None:
            check_room_limit(deployment, room, user_id)
        elif person.status == "banned":
            raise NotAllowed("room.banned", reason="banned")
        elif person.status == "active":
            return answer(head.epoch, head.rev, person.role)
        writes = [*add_writes(room, user_id, person, role, head.seq), *caller_unchanged(room, caller, entry)]
        rev = head.rev
        if role == "owner":
            writes.append(head_write(room, with_owner_count(deployment.store, room, head), owners=1))
            rev += 1
        else:
            writes.append(coming(room, entry))
            rev += head.alone
        deployment.store.tables.transact(writes)
        return answer(head.epoch, rev, role)

    return until_committed(deployment, tally, step)
