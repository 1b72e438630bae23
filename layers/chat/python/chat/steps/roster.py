"""Who is in a room: a look at the people whom a change is about, and the writes that change them.

          add_writes        remove_writes               ban_writes
    none ───────────▶ active ───────────▶ left    any ───────────▶ banned
      │   add_writes    ▲  ▲   add_writes  │ ▲                      │
      │ invite_writes   │  └───────────────┘ └──────────────────────┘ unban_writes
      └──────────────▶ invited ──────────▶ left (which may be invited again)
                          end_invitation_writes

Going from active ends an epoch, and so does coming where the history is visible from joining; whoever is invited
hears nothing of the room.
A membership is never deleted: it ends as `left` or `banned`, with what outlasts it (a mute, the rate, what
was sent). Each write holds only while the person still is as they were seen, so a rank that was judged is the
rank at the commit. With them goes the room's next revision (`revision.py`), on the `rev` that was read: whatever else
was judged of the room (that it is public, who is in it) is so at the commit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from chat.rules.access import RoomAccess, View
from chat.rules.errors import NotAllowed
from chat.rules.models import DAY_MS, Caller, Head, Member, Role
from chat.rules.record import record
from chat.rules.rooms import Room
from chat.storage import keys
from chat.storage.items import EXPIRES, HELD, expiring
from chat.storage.places import ban_place, head_place, invitation_place, membership_place, roster_place
from chat.storage.store import Store
from chat.storage.tables import Write

LEFT_IS_KEPT_MS = 90 * DAY_MS
ENDED = ("endedEpoch", EXPIRES, HELD, "leftBySelf", "invitationEnded")
"""What a membership holds of its end."""

AS_SEEN = "#role = :role AND #status = :status"


@record(frozen=True, slots=True)
class RosterSnapshot:
    """A room, the caller's membership in it, and another person's, as one consistent look saw them."""

    view: View
    person: Member | None


def read_people(store: Store, room: Room, caller: Caller, user_id: str) -> RosterSnapshot:
    """The room, the caller and the person at once: 3 read units, or 2 where they are the same."""
    head, people = read_members(store, room, (caller.user_id, user_id))
    return RosterSnapshot(View(head, people.get(caller.user_id)), people.get(user_id))


def read_members(
    store: Store, room: Room, user_ids: Sequence[str]
) -> tuple[Head | None, Mapping[str, Member]]:
    """The room's head and the memberships that there are, of up to 99 people, in one consistent look."""
    head, places = head_place(room), {user_id: membership_place(room, user_id) for user_id in user_ids}
    found = store.tables.batch([head, *places.values()], consistent=True)
    item = found.get(head)
    members = {user_id: Member.of(found[place]) for user_id, place in places.items() if place in found}
    return Head.found(item), members


def check_active(person: Member | None) -> Member:
    """The person, if they are in the room. Raises `NotAllowed`."""
    if person is None or person.status != "active":
        raise NotAllowed("room.notThere", reason="notThere")
    return person


def with_owner_count(store: Store, room: Room, head: Head) -> Head:
    """The head with the number of owners. A room from before it was kept is counted, until its head is
    written next.

    Whatever changes that number moves `rev`, so the count holds if the head that was read still does at the
    commit.
    """
    if head.owners is not None:
        return head
    owners, start = 0, None
    while True:
        lines, start = store.tables.query_page(
            room.table,
            room.partition_key,
            keys.ROSTER,
            keys.ROSTER_END,
            forward=True,
            count=1_000,
            consistent=True,
            start=start,
        )
        owners += sum(Member.of(line).role == "owner" for line in lines)
        if start is None:
            return replace(head, owners=owners)


def owners_gained(head: Head, before: Member, role: Role | None) -> int:
    """How many owners more (or fewer) the room has once `before`, who is active, has this role, or is
    gone (`None`).

    Raises `NotAllowed` where a room that is `with_owner_count` would be left without an owner.
    """
    gained = (role == "owner") - (before.role == "owner")
    if gained < 0 and (head.owners or 0) <= 1:
        raise NotAllowed("room.lastOwner", reason="lastOwner")
    return gained


def caller_unchanged(room: Room, caller: Caller, entry: RoomAccess) -> list[Write]:
    """The look at the caller's own membership that a change of somebody else's depends on; none for
    administrators."""
    if entry.member is None or entry.standing == "admin":
        return []
    return [Write(membership_place(room, caller.user_id), condition=AS_SEEN, given=_as_seen(entry.member))]


def joined_at(head: Head) -> dict[str, int]:
    """What the membership of somebody who comes now holds of when that was, beside the number."""
    hides = head.history_from == "joining"
    begun = {"joinedEpoch": head.epoch + 1, "joinedRev": head.rev + 1} if hides else {}
    return ({"joinedTs": head.ts} if head.ts else {}) | begun


def add_writes(
    room: Room,
    user_id: str,
    person: Member | None,
    role: Role,
    joined_seq: int,
    more: Mapping[str, int] = MappingProxyType({}),
) -> list[Write]:
    """Take in somebody who is not active, `person` being what is left of an earlier membership.

    `more` is what else the membership is to hold: `added`, where others put them there.
    """
    member = {"role": role, "status": "active", "joinedSeq": joined_seq}
    muted = {"mutedUntil": person.muted_until} if person and person.muted_until else {}
    listed = Write(roster_place(room, user_id), set={"type": "Member", **member, **muted}, whole=True)
    if person is None:
        new = {"type": "Membership", **member, **more}
        return [
            Write(membership_place(room, user_id), condition="attribute_not_exists(PK)", set=new, whole=True),
            listed,
        ]
    over = (*ENDED, *(() if "added" in more else ("added",)))
    come = _membership_write(room, user_id, person, {**member, **more}, remove=over)
    return [
        _as_rarely(come, person) if "againTat" in more else come,
        listed,
        *_uninvited(room, user_id, person),
    ]


def invite_writes(
    room: Room,
    user_id: str,
    person: Member | None,
    role: Role,
    joined_seq: int,
    more: Mapping[str, int] = MappingProxyType({}),
) -> list[Write]:
    """Invite somebody who is neither active nor invited, as `add_writes` takes them in."""
    invited = {"role": role, "status": "invited", "joinedSeq": joined_seq}
    line = {"type": "Invitation", "role": role, "status": "invited"}
    listed = Write(invitation_place(room, user_id), set=line, whole=True)
    if person is None:
        new = {"type": "Membership", **invited, **more}
        return [
            Write(membership_place(room, user_id), condition="attribute_not_exists(PK)", set=new, whole=True),
            listed,
        ]
    come = _membership_write(room, user_id, person, {**invited, **more}, remove=ENDED)
    return [_as_rarely(come, person), listed]


def end_invitation_writes(
    room: Room, user_id: str, person: Member, now: int, *, by_self: bool = False
) -> list[Write]:
    """End an invitation, which ends no epoch. `by_self`: the person declines. `now` is in milliseconds."""
    ended: dict[str, Any] = {"status": "left", "invitationEnded": 1}
    ended |= {"leftBySelf": 1} if by_self else {}
    return [end_write(room, user_id, person, ended, now), *_uninvited(room, user_id, person)]


def _uninvited(room: Room, user_id: str, person: Member) -> list[Write]:
    """The end of somebody's line among those invited, if they are."""
    return [Write(invitation_place(room, user_id), delete=True)] if person.status == "invited" else []


def _as_rarely(write: Write, person: Member) -> Write:
    """The same, on condition that nobody else has added the person again meanwhile."""
    if not person.again_tat:
        return replace(write, condition=f"{write.condition} AND attribute_not_exists(#againTat)")
    given = {**write.given, ":again": person.again_tat}
    return replace(write, condition=f"{write.condition} AND #againTat = :again", given=given)


def remove_writes(
    room: Room, user_id: str, person: Member, epoch: int, now: int, *, by_self: bool = False
) -> list[Write]:
    """Take out somebody who is active, which ends `epoch`. `now` is in milliseconds. `by_self`: they leave."""
    gone: dict[str, Any] = {"status": "left", "endedEpoch": epoch}
    gone |= {"leftBySelf": 1} if by_self else {}
    return [end_write(room, user_id, person, gone, now), Write(roster_place(room, user_id), delete=True)]


def ban_writes(
    room: Room, user_id: str, person: Member | None, ended_epoch: int | None, now: int
) -> list[Write]:
    """Ban somebody, whether they are there or not; `ended_epoch` is the epoch that this ends, if they are."""
    role = person.role if person and person.status == "active" else "member"
    banned: dict[str, Any] = {"role": role, "status": "banned"}
    line = Write(ban_place(room, user_id), set={"type": "Ban", **banned, "bannedAt": now}, whole=True)
    if person is None:
        new = {"type": "Membership", **banned, "joinedSeq": 0}
        return [
            Write(membership_place(room, user_id), condition="attribute_not_exists(PK)", set=new, whole=True),
            line,
        ]
    if ended_epoch is None:
        away = _membership_write(room, user_id, person, banned, remove=("endedEpoch", EXPIRES, HELD))
        return [away, line, *_uninvited(room, user_id, person)]
    return [
        _membership_write(
            room, user_id, person, banned | {"endedEpoch": ended_epoch}, remove=(EXPIRES, HELD)
        ),
        Write(roster_place(room, user_id), delete=True),
        line,
    ]


def unban_writes(room: Room, user_id: str, person: Member, now: int) -> list[Write]:
    """End a ban: as if the person had left. `now` is in milliseconds."""
    return [
        end_write(room, user_id, person, {"status": "left", "role": "member"}, now),
        Write(ban_place(room, user_id), delete=True),
    ]


def role_writes(room: Room, user_id: str, person: Member, role: Role) -> list[Write]:
    """Give somebody who is there another role."""
    return [
        _membership_write(room, user_id, person, {"role": role}),
        Write(roster_place(room, user_id), set=_roster_line(person) | {"role": role}),
    ]


def mute_writes(room: Room, user_id: str, person: Member, until: int) -> list[Write]:
    """Mute somebody who is there until an instant in milliseconds, or with 0 not any more."""
    muted, remove = ({"mutedUntil": until}, ()) if until else ({}, ("mutedUntil",))
    return [
        _membership_write(room, user_id, person, muted, remove),
        Write(roster_place(room, user_id), set=_roster_line(person) | muted, remove=remove),
    ]


def _roster_line(person: Member) -> dict[str, Any]:
    """The line of somebody who is active, but for a mute."""
    return {"type": "Member", "role": person.role, "status": "active", "joinedSeq": person.joined_seq}


def _as_seen(person: Member) -> dict[str, Any]:
    return {":role": person.role, ":status": person.status}


def end_write(room: Room, user_id: str, person: Member, changes: Mapping[str, Any], now: int) -> Write:
    """What is left of a membership expires, unless a legal hold of the person keeps it, which is a condition of the write."""
    expiry = expiring((now + LEFT_IS_KEPT_MS) // 1_000, held=bool(person.held))
    write = _membership_write(room, user_id, person, {**changes, **expiry})
    if not person.held:
        return replace(write, condition=f"{write.condition} AND attribute_not_exists(#held)")
    return replace(
        write, condition=f"{write.condition} AND #held = :held", given={**write.given, ":held": person.held}
    )


def _membership_write(
    room: Room, user_id: str, person: Member, changes: Mapping[str, Any], remove: tuple[str, ...] = ()
) -> Write:
    """A role that is lost stays noted: what they did in it names them (`erased_messages.py`)."""
    had = {"ranked": 1} if changes.get("role") == "member" != person.role else {}
    return Write(
        membership_place(room, user_id),
        condition=AS_SEEN,
        given=_as_seen(person),
        set={**changes, **had},
        remove=remove,
    )
