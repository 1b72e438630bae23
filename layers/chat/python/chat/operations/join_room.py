"""Join a public room, or accept an invitation to any."""

from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import RoomAccess, check_open, enter_room
from chat.rules.errors import NotAllowed
from chat.rules.models import Caller, Head, Member, Message, Notice, Role
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.newcomer import charge_joining, read_newcomer
from chat.steps.notices import notice_message
from chat.steps.person_marks import marks_of, still_not_erased
from chat.steps.quota import charge_own_room, check_own_rooms
from chat.steps.retry import until_room_is_changed
from chat.steps.revision import commit, next_revision
from chat.steps.roster import add_writes, joined_at, with_owner_count


def join_room(deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally) -> Message:
    """Take the caller into the room that `arguments` (`roomId`) name: a public one, one that they are invited to, or
    for administrators any.

    Who is there already stays as they are. Raises `InvalidInput`, `NotRoomMember`, `NotAllowed`,
    `RateLimited` and `ServiceUnavailable`.
    """
    room = Room.parse(arguments.get("roomId"))

    def again(head: Head, role: Role) -> Message:
        notice = Notice(kind="MEMBER_JOINED", user_id=caller.user_id, role=role, rev=head.rev)
        return notice_message(deployment, room, caller, head.epoch, notice)

    def step() -> Message:
        newcomer = read_newcomer(deployment, room, caller, caller.user_id)
        entry, person = enter_room(newcomer.view, caller, "join"), newcomer.person
        head = entry.head
        if entry.member is not None:
            return again(head, entry.member.role)
        if person is not None and person.status == "banned":
            raise NotAllowed("room.banned", reason="banned")
        check_open(head)
        now, charges, role = deployment.now(), [], _role_of(person)
        if person is None and entry.standing != "admin":
            check_own_rooms(newcomer.callers, now)
            charges = [charge_own_room(caller.user_id, newcomer.callers, now)]
        held = {**_held(entry, person, now), **joined_at(head), **marks_of(newcomer.found, caller.user_id)}
        writes = add_writes(room, caller.user_id, person, role, head.seq, held)
        if role == "owner":
            head = with_owner_count(deployment.store, room, head)
        notice = Notice(kind="MEMBER_JOINED", user_id=caller.user_id, role=role)
        joined = next_revision(deployment, room, head, caller, notice, owners=role == "owner")
        commit(deployment, joined, [*writes, *charges, still_not_erased(newcomer.found, caller.user_id)])
        return joined.message

    return until_room_is_changed(deployment, tally, room, step)


def _role_of(person: Member | None) -> Role:
    """As what somebody comes: whoever is invited as what that says."""
    return person.role if person is not None and person.status == "invited" else "member"


def _held(entry: RoomAccess, person: Member | None, now: int) -> dict[str, int]:
    """What else the membership is to hold. Whoever accepts an invitation was put there by others all the same."""
    is_accepting = person is not None and person.status == "invited"
    return _charged(entry, person, now) | ({"added": 1} if is_accepting else {})


def _charged(entry: RoomAccess, person: Member | None, now: int) -> dict[str, int]:
    """What joining costs a visitor; administrators nothing. `now` is in milliseconds. Raises
    `RateLimited`."""
    return {} if entry.standing == "admin" else charge_joining(person, now)
