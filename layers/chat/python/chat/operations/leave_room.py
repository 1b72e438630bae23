"""Leave a room, which ends the room's epoch; and the room, where nobody else is in it."""

from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import is_invited, open_room
from chat.rules.generations import ended_epoch
from chat.rules.models import Caller, Head, Member, Message, Notice
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.notices import invitation_notice, revocation_notice
from chat.steps.quota import returned_room
from chat.steps.retry import until_room_is_changed
from chat.steps.revision import Revision, commit, next_revision
from chat.steps.room_end import (
    alone_revision,
    commit_end,
    end_revision,
    leaves_nobody,
    repeated_end_notice,
)
from chat.steps.roster import (
    end_invitation_writes,
    owners_gained,
    read_people,
    remove_writes,
    with_owner_count,
)
from chat.storage.places import draft_place
from chat.storage.tables import Write


def leave_room(deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally) -> Message:
    """Take the caller out of the room that `arguments` (`roomId`) name; the notice is the last event of the
    epoch.

    Whoever is invited declines, which ends no epoch. The only person of a room ends it; a guild's room stays its guild's, without anybody in it,
    and a direct room is there for when either comes back. For somebody who has
    gone already it answers that event again. Raises `InvalidInput`, `NotRoomMember`, `NotAllowed` (the last owner,
    with others there) and `ServiceUnavailable`.
    """
    room = Room.parse(arguments.get("roomId"))
    return until_room_is_changed(deployment, tally, room, lambda: _leave(deployment, room, caller))


def _leave(deployment: Deployment, room: Room, caller: Caller) -> Message | None:
    """One attempt; `None` where it has to be judged again."""
    store = deployment.store
    snapshot = read_people(store, room, caller, caller.user_id)
    head, gone = snapshot.view.head, snapshot.person
    if repeated := repeated_end_notice(deployment, room, caller, head):
        return repeated
    goes_on = head is not None and not head.ended_at
    if head and goes_on and gone and gone.status == "left" and (ended := ended_epoch(gone, head)):
        return revocation_notice(deployment, room, caller, "MEMBER_LEFT", caller.user_id, ended)
    if head is not None and gone is not None and is_invited(snapshot.view):
        return _decline(deployment, room, caller, head, gone)
    if head and goes_on and gone and gone.status == "left" and gone.invitation_ended:
        return invitation_notice(deployment, room, caller, caller.user_id, head.epoch)
    access = open_room(snapshot.view, "leave")
    if access.head.direct:  # which goes on with nobody in it: `direct` leads either back
        return _go(deployment, room, caller, access.head, access.member, 0)
    head, member = with_owner_count(store, room, access.head), access.member
    if not leaves_nobody(store, room, head, member):
        return _go(deployment, room, caller, head, member, owners_gained(head, member, None))
    if room.type == "guild":
        return _go(deployment, room, caller, head, member, -(member.role == "owner"))
    if not head.alone:
        commit(deployment, alone_revision(deployment, room, head, caller), [])
        return None
    end = end_revision(deployment, room, head, caller)
    commit_end(deployment, end, _gone_writes(room, caller, member, end))
    return end.message


def _decline(deployment: Deployment, room: Room, caller: Caller, head: Head, invited: Member) -> Message:
    declined = next_revision(
        deployment, room, head, caller, Notice(kind="INVITATION_ENDED", user_id=caller.user_id)
    )
    now = declined.event.ts
    writes = end_invitation_writes(room, caller.user_id, invited, now, by_self=True)
    commit(deployment, declined, [*writes, *returned_room(caller.user_id, invited, now)])
    return declined.message


def _go(
    deployment: Deployment, room: Room, caller: Caller, head: Head, member: Member, owners: int
) -> Message:
    """Leave a room that goes on; `owners` is how many more it has then."""
    notice = Notice(kind="MEMBER_LEFT", user_id=caller.user_id)
    now = deployment.now()
    left = next_revision(deployment, room, head, caller, notice, revoked_at=now, owners=owners)
    commit(deployment, left, _gone_writes(room, caller, member, left))
    return left.message


def _gone_writes(room: Room, caller: Caller, member: Member, revision: Revision) -> list[Write]:
    """What their going, which ends the epoch of `revision`, takes of the caller's membership, and what they were writing."""
    epoch, now = revision.event.epoch, revision.event.ts
    gone = remove_writes(room, caller.user_id, member, epoch, now, by_self=True)
    draft = Write(draft_place(room, caller.user_id), delete=True)
    return [*gone, draft, *returned_room(caller.user_id, member, now)]
