"""Take somebody into a room."""

from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import check_open, enter_room, may_appoint
from chat.rules.arguments import check_role, check_user
from chat.rules.errors import NotAllowed
from chat.rules.models import Caller, Head, Message, Notice, NoticeKind, Role
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.newcomer import charge_addition, read_newcomer
from chat.steps.notices import notice_message
from chat.steps.person_marks import marks_of, still_not_erased
from chat.steps.retry import until_room_is_changed
from chat.steps.revision import commit, next_revision
from chat.steps.roster import (
    add_writes,
    caller_unchanged,
    invite_writes,
    joined_at,
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

    def again(head: Head, given: Role, kind: NoticeKind = "MEMBER_ADDED") -> Message:
        notice = Notice(kind=kind, user_id=user_id, role=given, rev=head.rev)
        return notice_message(deployment, room, caller, head.epoch, notice)

    def step() -> Message:
        newcomer = read_newcomer(deployment, room, caller, user_id)
        entry, person = enter_room(newcomer.view, caller, "addMember"), newcomer.person
        may_appoint(entry, role)
        head = entry.head
        if person is not None and person.status == "banned":
            raise NotAllowed("room.banned", reason="banned")
        if person is not None and person.status == "active":
            return again(head, person.role)
        invites = deployment.adding_needs_consent and entry.standing != "admin"
        if invites and person is not None and person.status == "invited":
            return again(head, person.role, "MEMBER_INVITED")
        check_open(head)
        marks = marks_of(newcomer.found, user_id)
        added, charges = charge_addition(deployment, caller, entry, user_id, newcomer)
        if hook:
            hook({user_id: role}, room, entry, caller)
        held = {**added, **marks, **({} if invites else joined_at(head))}
        comes = invite_writes if invites else add_writes
        looks = [*charges, still_not_erased(newcomer.found, user_id)]
        writes = [*comes(room, user_id, person, role, head.seq, held), *looks]
        is_owner = role == "owner" and not invites
        if is_owner:
            head = with_owner_count(deployment.store, room, head)
        notice = Notice(kind="MEMBER_INVITED" if invites else "MEMBER_ADDED", user_id=user_id, role=role)
        taken_in = next_revision(deployment, room, head, caller, notice, owners=is_owner)
        commit(deployment, taken_in, [*writes, *caller_unchanged(room, caller, entry)])
        return taken_in.message

    return until_room_is_changed(deployment, tally, room, step)
