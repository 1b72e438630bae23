"""Join a public room."""

from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import RoomAccess, enter_room
from chat.rules.errors import NotAllowed, RateLimited
from chat.rules.models import Caller, Member, Message, Notice, Role
from chat.rules.rate import Rate, to_ms
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.newcomer import read_newcomer
from chat.steps.notices import notice_message
from chat.steps.quota import charge_own_room, check_own_rooms
from chat.steps.retry import until_committed
from chat.steps.roster import add_writes, coming

JOINING = Rate(1 / 60, 20)
"""How often somebody may join a room by themself: once a minute, twenty times at once. Each leaving in
between ends an epoch, after which everybody who stays has to subscribe again.
"""


def join_room(deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally) -> Message:
    """Take the caller into the room that `arguments` (`roomId`) name: a public one, or for administrators
    any.

    Who is there already stays as they are. Raises `InvalidInput`, `NotRoomMember`, `NotAllowed`,
    `RateLimited` and `ServiceUnavailable`.
    """
    room = Room.parse(arguments.get("roomId"))

    def answer(epoch: int, rev: int, role: Role) -> Message:
        notice = Notice(kind="MEMBER_JOINED", user_id=caller.user_id, role=role, rev=rev)
        return notice_message(deployment, room, caller, epoch, notice)

    def step() -> Message:
        newcomer = read_newcomer(deployment.store, room, caller, caller.user_id)
        entry, person = enter_room(newcomer.view, caller, "join"), newcomer.person
        head = entry.head
        if entry.member is not None:
            return answer(head.epoch, head.rev, entry.member.role)
        if person is not None and person.status == "banned":
            raise NotAllowed("room.banned", reason="banned")
        now, charges = deployment.now(), []
        if person is None and entry.standing != "admin":
            check_own_rooms(newcomer.callers, now)
            charges = [charge_own_room(caller.user_id, newcomer.callers, now)]
        writes = add_writes(room, caller.user_id, person, "member", head.seq, _charged(entry, person, now))
        deployment.store.tables.transact([*writes, coming(room, entry), *charges])
        return answer(head.epoch, head.rev + head.alone, "member")

    return until_committed(deployment, tally, step)


def _charged(entry: RoomAccess, person: Member | None, now: int) -> dict[str, int]:
    """What joining costs a visitor; administrators nothing. `now` is in milliseconds. Raises
    `RateLimited`."""
    if entry.standing == "admin":
        return {}
    tat = person.join_tat if person else 0
    if wait := JOINING.wait(tat, now * 1_000):
        raise RateLimited(to_ms(wait), "person", "room.joinedTooOften")
    return {"joinTat": JOINING.taken(tat, now * 1_000)}
