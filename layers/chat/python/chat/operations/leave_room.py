"""Leave a room, which ends the room's epoch; and the room, where nobody else is in it."""

from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import RoomAccess, is_invited, open_room
from chat.rules.generations import ended_epoch
from chat.rules.models import Caller, Head, Member, Message
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.notices import invitation_notice, revocation_notice
from chat.steps.quota import returned_room
from chat.steps.retry import until_committed
from chat.steps.room_end import alone_write, end_notice, end_writes, leaves_nobody, repeated_end_notice
from chat.steps.roster import (
    end_invitation_writes,
    head_write,
    owners_gained,
    read_people,
    remove_writes,
    same_epoch,
    with_owner_count,
)


def leave_room(deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally) -> Message:
    """Take the caller out of the room that `arguments` (`roomId`) name; the notice is the last event of the
    epoch.

    Whoever is invited declines, which ends no epoch. The only person of a room ends it; a guild's room stays its guild's, without anybody in it. For somebody who has
    gone already it answers that event again. Raises `InvalidInput`, `NotRoomMember`, `NotAllowed` (the last owner,
    with others there) and `ServiceUnavailable`.
    """
    room = Room.parse(arguments.get("roomId"))
    return until_committed(deployment, tally, lambda: _leave(deployment, room, caller))


def _leave(deployment: Deployment, room: Room, caller: Caller) -> Message | None:
    """One attempt; `None` where it has to be judged again."""
    store = deployment.store
    snapshot = read_people(store, room, caller, caller.user_id)
    head, gone = snapshot.view.head, snapshot.person
    if repeated := repeated_end_notice(deployment, room, caller, head):
        return repeated
    goes_on = head is not None and not head.ended_at
    if head and goes_on and gone and gone.status == "left" and (ended := ended_epoch(gone, head)):
        return _last_event(deployment, room, caller, ended, None)
    if head is not None and gone is not None and is_invited(snapshot.view):
        now, look = deployment.now(), same_epoch(room, RoomAccess(head, None, "invited"))
        declined = end_invitation_writes(room, caller.user_id, gone, now, by_self=True)
        store.tables.transact([*declined, *returned_room(caller.user_id, gone, now), look])
        return invitation_notice(deployment, room, caller, caller.user_id, head.epoch, head.rev)
    if head and goes_on and gone and gone.status == "left" and gone.invitation_ended:
        return invitation_notice(deployment, room, caller, caller.user_id, head.epoch, None)
    access = open_room(snapshot.view, "leave")
    head, member = with_owner_count(store, room, access.head), access.member
    if not leaves_nobody(store, room, head, member):
        return _go(deployment, room, caller, head, member, owners_gained(head, member, None))
    if room.type == "guild":
        return _go(deployment, room, caller, head, member, -(member.role == "owner"))
    if not head.alone:
        store.tables.transact([alone_write(room, head)])
        return None
    now = deployment.now()
    gone_writes = remove_writes(room, caller.user_id, member, head.epoch, now, by_self=True)
    returned = returned_room(caller.user_id, member, now)
    store.tables.transact([*end_writes(room, head, caller.user_id, now), *gone_writes, *returned])
    return end_notice(deployment, room, caller, head)


def _go(
    deployment: Deployment, room: Room, caller: Caller, head: Head, member: Member, owners: int
) -> Message:
    """Leave a room that goes on; `owners` is how many more it has then."""
    now = deployment.now()
    deployment.store.tables.transact(
        [
            head_write(room, head, revoked_at=now, owners=owners),
            *remove_writes(room, caller.user_id, member, head.epoch, now, by_self=True),
            *returned_room(caller.user_id, member, now),
        ]
    )
    return _last_event(deployment, room, caller, head.epoch, head.rev + 1)


def _last_event(deployment: Deployment, room: Room, caller: Caller, ended: int, rev: int | None) -> Message:
    return revocation_notice(deployment, room, caller, "MEMBER_LEFT", caller.user_id, ended, rev)
