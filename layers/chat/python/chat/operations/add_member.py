"""Take somebody into a room."""

from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import enter_room, may_appoint
from chat.rules.arguments import check_role, check_user
from chat.rules.errors import NotAllowed
from chat.rules.models import Caller, Message, Notice, NoticeKind, Role
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.newcomer import charge_addition, read_newcomer
from chat.steps.notices import notice_message
from chat.steps.retry import until_committed
from chat.steps.roster import (
    add_writes,
    caller_unchanged,
    coming,
    head_write,
    invite_writes,
    same_epoch,
    with_owner_count,
)


def add_member(deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally) -> Message:
    """Take in the person whom `arguments` (`roomId`, `userId`, `role`) name, or invite them where the deployment asks
    for people's consent. Who is there, or invited, already stays as they are.

    Raises `InvalidInput`, `NotRoomMember`, `NotAllowed` (also for somebody who is banned, or in too many rooms into
    which others have put them), `RateLimited`, `ServiceUnavailable`, and what a rule of the deployment's own says.
    """
    room, user_id = Room.parse(arguments.get("roomId")), check_user(arguments)
    role = check_role(arguments) or "member"
    hook = deployment.may_add(tally)

    def answer(epoch: int, rev: int, given: Role, kind: NoticeKind = "MEMBER_ADDED") -> Message:
        notice = Notice(kind=kind, user_id=user_id, role=given, rev=rev)
        return notice_message(deployment, room, caller, epoch, notice)

    def step() -> Message:
        newcomer = read_newcomer(deployment.store, room, caller, user_id)
        entry, person = enter_room(newcomer.view, caller, "addMember"), newcomer.person
        may_appoint(entry, role)
        head = entry.head
        if person is not None and person.status == "banned":
            raise NotAllowed("room.banned", reason="banned")
        if person is not None and person.status == "active":
            return answer(head.epoch, head.rev, person.role)
        invites = deployment.adding_needs_consent and entry.standing != "admin"
        if invites and person is not None and person.status == "invited":
            return answer(head.epoch, head.rev, person.role, "MEMBER_INVITED")
        added, charges = charge_addition(deployment, caller, entry, user_id, newcomer)
        charges += caller_unchanged(room, caller, entry)
        if hook:
            hook({user_id: role}, room, entry, caller)
        if invites:
            invitation = invite_writes(room, user_id, person, role, head.seq, added)
            deployment.store.tables.transact([*invitation, *charges, same_epoch(room, entry)])
            return answer(head.epoch, head.rev, role, "MEMBER_INVITED")
        writes = [*add_writes(room, user_id, person, role, head.seq, added), *charges]
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
