"""The end of somebody's memberships, as the first thing of their erasure: nothing of theirs is written to a room after it.

Each is a revision of the room by a service, as a removal by an administrator is. Where that would refuse, the erasure goes on:
the sole owner of a room with others in it is followed by somebody of them (the moderator who has been there longest, or
else the member), which the room hears as any change of a role; a room with nobody else ends, a guild's stays empty. A ban
ends, too, since it has the person's id; what takes its place in the same transaction, where the deployment wants it, is
one that has not (`kept_bans.py`). An invitation is taken back.
"""

from functools import partial

from chat.deployment import Deployment
from chat.rules.models import Head, Member, Notice
from chat.rules.rooms import Room, Table
from chat.rules.tally import Tally
from chat.steps.erasure_subject import page_of, person_in, room_in
from chat.steps.kept_bans import kept_ban_place
from chat.steps.listing import user_of
from chat.steps.quota import returned_room
from chat.steps.retry import until_room_is_changed
from chat.steps.revision import commit, next_revision
from chat.steps.room_end import alone_revision, commit_end, end_revision, leaves_nobody
from chat.steps.roster import (
    end_invitation_writes,
    read_members,
    remove_writes,
    role_writes,
    unban_writes,
    with_owner_count,
)
from chat.storage import keys
from chat.storage.erased_items import kept_ban_write
from chat.storage.tables import Write

ROOMS_AT_ONCE = 10
MOST_LOOKED_AT = 1_000
"""Of how many people the one is chosen who follows a sole owner."""


def end_memberships(table: Table, deployment: Deployment, subject: str, position: str | None) -> str | None:
    """A step: those of one page."""
    user_id = person_in(subject)
    partition_key, between = keys.user_partition(user_id), (keys.MEMBERSHIPS, keys.MEMBERSHIPS_END)
    items, further = page_of(deployment, table, partition_key, between, ROOMS_AT_ONCE, position)
    for item in items:
        room = room_in(item["SK"]["S"])
        if room is not None and item.get("status") != {"S": "left"}:
            until_room_is_changed(deployment, Tally(), room, partial(_end, deployment, room, user_id))
    return further


def _end(deployment: Deployment, room: Room, user_id: str) -> bool | None:
    """One attempt; `None` where it has to be looked at again."""
    head, members = read_members(deployment.store, room, [user_id])
    person = members.get(user_id)
    if person is None or person.status == "left":
        return True
    if head is None or head.ended_at:
        _end_unheard(deployment, room, user_id, person, 0 if head is None else head.epoch)
        return True
    if person.status == "active":
        return _take_out(deployment, room, head, user_id, person)
    if person.status == "invited":
        revision = next_revision(
            deployment, room, head, None, Notice(kind="INVITATION_ENDED", user_id=user_id)
        )
        now = revision.event.ts
        writes = end_invitation_writes(room, user_id, person, now)
        commit(deployment, revision, [*writes, *returned_room(user_id, person, now)])
    else:
        revision = next_revision(deployment, room, head, None, kind="INTERNAL")
        commit(deployment, revision, _ban_writes(deployment, room, user_id, person, revision.event.ts))
    return True


def _ban_writes(deployment: Deployment, room: Room, user_id: str, person: Member, now: int) -> list[Write]:
    """The end of a ban that names the person, and the one that keeps them out from now on."""
    ended = unban_writes(room, user_id, person, now)
    if not deployment.erasure_keeps_bans:
        return ended
    return [*ended, kept_ban_write(kept_ban_place(deployment, room, user_id), person, now)]


def _end_unheard(deployment: Deployment, room: Room, user_id: str, person: Member, epoch: int) -> None:
    """In a room that has ended, or has none of our heads: no revision tells it. What is left of such a room is removed by a job
    that may come later, or not before a legal hold is lifted: the erasure does not wait for that."""
    now = deployment.now()
    if person.status == "active":
        writes = remove_writes(room, user_id, person, epoch, now)
    elif person.status == "invited":
        writes = end_invitation_writes(room, user_id, person, now)
    else:
        writes = unban_writes(room, user_id, person, now)
    deployment.store.tables.transact(writes)


def _take_out(deployment: Deployment, room: Room, before: Head, user_id: str, person: Member) -> bool | None:
    store, is_owner = deployment.store, person.role == "owner"
    head = before if before.direct else with_owner_count(store, room, before)
    is_alone = not head.direct and leaves_nobody(store, room, head, person)
    if is_alone and room.type != "guild":
        return _end_room(deployment, room, head, user_id, person)
    if is_owner and not is_alone and not head.direct and (head.owners or 0) <= 1:
        _make_owner(deployment, room, head, user_id)
        return None
    now = deployment.now()
    notice = Notice(kind="MEMBER_REMOVED", user_id=user_id)
    owners = -1 if is_owner and not head.direct else 0
    removed = next_revision(deployment, room, head, None, notice, revoked_at=now, owners=owners)
    writes = remove_writes(room, user_id, person, head.epoch, now)
    commit(deployment, removed, [*writes, *returned_room(user_id, person, now)])
    return True


def _end_room(deployment: Deployment, room: Room, head: Head, user_id: str, person: Member) -> bool | None:
    """As for whoever leaves a room alone: it is marked, looked at again, and ended on that mark."""
    if not head.alone:
        commit(deployment, alone_revision(deployment, room, head, None), [])
        return None
    end = end_revision(deployment, room, head, None)
    gone = remove_writes(room, user_id, person, end.event.epoch, end.event.ts)
    commit_end(deployment, end, [*gone, *returned_room(user_id, person, end.event.ts)])
    return True


def _make_owner(deployment: Deployment, room: Room, head: Head, user_id: str) -> None:
    """Make somebody else an owner. The room is looked at again then, and has two."""
    lines, _ = page_of(
        deployment, room.table, room.partition_key, (keys.ROSTER, keys.ROSTER_END), MOST_LOOKED_AT, None
    )
    others = {user_of(line): Member.of(line) for line in lines if user_of(line) != user_id}
    order = {"moderator": 0, "member": 1}
    ranked = sorted(others, key=lambda each: (order.get(others[each].role, 0), others[each].joined_seq, each))
    _, members = read_members(deployment.store, room, ranked[:50])
    there = [each for each in ranked[:50] if each in members and members[each].status == "active"]
    if not there:
        return
    heir = there[0]
    notice = Notice(kind="ROLE_CHANGED", user_id=heir, role="owner")
    changed = next_revision(deployment, room, head, None, notice, owners=1)
    commit(deployment, changed, role_writes(room, heir, members[heir], "owner"))
