"""The one decision about access: who gets a room, and what for. Sending, reading, subscribing and ruling all
pass through here."""

from typing import Literal

from chat.rules.errors import ChatError, Muted, NotAllowed, NotRoomMember
from chat.rules.instants import to_wire
from chat.rules.models import Caller, Head, Item, Member, Role
from chat.rules.permissions import (
    DIRECT,
    NOT_IN_DIRECT,
    PERMISSIONS,
    RANKS,
    Operation,
    Standing,
    outranks,
)
from chat.rules.record import record
from chat.rules.rooms import Room

ADMIN: Literal["admin"] = "admin"
PLATFORM_ROLES: tuple[Standing, ...] = (ADMIN, "gateway")
"""The roles of the token that count in every room: who keeps order there, and who hears it for others."""


@record(frozen=True, slots=True)
class View:
    """A room and the caller's membership in it, as one look at the table saw them; either may be missing."""

    head: Head | None
    member: Member | None

    @classmethod
    def of(cls, head: Item | None, member: Item | None) -> "View":
        """What the two items say."""
        return cls(Head.found(head), Member.found(member))


@record(frozen=True, slots=True)
class Access:
    """A room that the caller is in."""

    head: Head
    member: Member


@record(frozen=True, slots=True)
class RoomAccess:
    """A room that the caller may do something in, and as what. `member` is `None` for administrators,
    visitors, the gateway, and whoever is invited."""

    head: Head
    member: Member | None
    standing: Standing


def is_in(view: View) -> bool:
    """Whether the caller is in the room, as far as the room has not ended."""
    has_ended = view.head is not None and view.head.ended_at
    return view.member is not None and view.member.status == "active" and not has_ended


def is_invited(view: View) -> bool:
    """Whether the caller is invited to the room, as far as the room has not ended."""
    has_ended = view.head is None or view.head.ended_at
    return view.member is not None and view.member.status == "invited" and not has_ended


def open_room(view: View, operation: Operation) -> Access:
    """The room, for something that only those in it do.

    Raises `NotRoomMember` alike for no room, one that has ended, no membership and a ban; `NotAllowed` where the role may not do
    this, and in a room with messages from before numbering (a membership without a head) until it is adopted.
    """
    entry = enter_room(view, _NOBODY, operation)
    if entry.member is None:
        raise NotRoomMember
    return Access(entry.head, entry.member)


def open_history(view: View, caller: Caller) -> Head | None:
    """The head of a room that the caller may read; `None` for one that is not adopted yet. Raises
    `NotRoomMember`."""
    if view.head is None and is_in(view):
        return None
    return enter_room(view, caller, "read").head


def enter_room(view: View, caller: Caller, operation: Operation) -> RoomAccess:
    """The room, for whoever may do this in it: by membership, as administrator, or as visitor of a public
    room.

    Whoever may do it for several reasons does it as the highest: an administrator stays one in a room where
    they are a moderator. Raises as `open_room` does.
    """
    is_member = is_in(view)
    if is_member and view.head is None:
        raise NotAllowed("room.notMigrated", reason="notMigrated")
    if view.head is None or view.head.ended_at:
        raise NotRoomMember
    own, table = _standings(view, view.head, caller), DIRECT if view.head.direct else PERMISSIONS
    standings = [each for each in own if operation in table.get(each, ())]
    if standings:
        return RoomAccess(
            view.head, view.member if is_member else None, max(standings, key=RANKS.__getitem__)
        )
    if view.head.direct and _may_elsewhere(own, operation, is_member=is_member):
        raise NotAllowed("room.direct", reason="direct")
    if is_member:
        raise NotAllowed("room.role", reason="role")
    raise NotRoomMember


def _may_elsewhere(own: list[Standing], operation: Operation, *, is_member: bool) -> bool:
    """Whether it is for being a direct room that somebody may not do this in it."""
    if is_member and operation in NOT_IN_DIRECT:
        return True
    return any(operation in PERMISSIONS[each] for each in own)


def write_refusal(entry: Access | RoomAccess, now: int) -> ChatError | None:
    """Why somebody who is in the room may not write there at `now` (ms): nobody may, or they are muted. Whatever changes
    the first two moves the head's `rev`."""
    if entry.head.archived_at:
        return NotAllowed("room.archived", reason="archived")
    if entry.head.closed_by:
        return NotAllowed("room.closed", reason="closed")
    if entry.member is not None and entry.member.muted_until > now:
        return Muted(to_wire(entry.member.muted_until))
    return None


def check_writable(entry: Access | RoomAccess, now: int) -> None:
    """The same, raised."""
    if refusal := write_refusal(entry, now):
        raise refusal


def check_open(head: Head) -> None:
    """Whether anybody may come into the room. Raises `NotAllowed` for one that is archived, and for a direct room whose
    people have a block between them: in the words of `direct`, which tell nobody of it."""
    if head.archived_at:
        raise NotAllowed("room.archived", reason="archived")
    if head.closed_by:
        raise NotAllowed("room.cannotBeAdded", reason="cannotBeAdded")


def may_end(entry: RoomAccess, room: Room) -> None:
    """Whether the caller, who may `deleteRoom`, may end this room: a guild's is ended by administrators and by
    the guild's own service, which decides who is in it. Raises `NotAllowed`."""
    if room.type == "guild" and entry.standing != "admin":
        raise NotAllowed("room.role", reason="role")


def may_mention_all(member: Member) -> bool:
    """Whether somebody who is in the room may mention everybody in it."""
    return "mentionAll" in PERMISSIONS[member.role]


def may_report(caller: Caller) -> None:
    """Whether the caller may say of other people that they are there and what they have: a service of the platform, in
    no room of its own. Raises `NotAllowed`."""
    if not any("report" in PERMISSIONS[each] for each in PLATFORM_ROLES if each in caller.roles):
        raise NotAllowed("room.role", reason="role")


def may_act_on(entry: RoomAccess, caller: Caller, user_id: str, person: Member | None) -> None:
    """Whether the caller may remove, ban, mute or change this person, who is not themself. Raises
    `NotAllowed`."""
    if user_id == caller.user_id:
        raise NotAllowed("room.self", reason="self")
    may_overrule(entry, person)


def may_overrule(entry: RoomAccess, person: Member | None) -> None:
    """Whether the caller stands above this person. Raises `NotAllowed`.

    Whoever is banned has the rank that they had: a moderator does not undo what an owner did to another
    moderator.
    """
    if person is not None and person.status != "left" and not outranks(entry.standing, person.role):
        raise NotAllowed("room.rank", reason="rank")


def may_appoint(entry: RoomAccess, role: Role) -> None:
    """Whether the caller may take somebody in as this: at most as what they are themselves. Raises
    `NotAllowed`."""
    if RANKS[role] > RANKS[entry.standing]:
        raise NotAllowed("room.rank", reason="rank")


_NOBODY = Caller("")


def _standings(view: View, head: Head, caller: Caller) -> list[Standing]:
    """What the caller is to the room, the nearest first. Whoever is banned is nothing to it."""
    found: list[Standing] = []
    if view.member is not None and view.member.status == "active":
        found.append(view.member.role)
    if view.member is not None and view.member.status == "invited":
        found.append("invited")
    found += [standing for standing in PLATFORM_ROLES if standing in caller.roles]
    if head.visibility == "public" and (view.member is None or view.member.status == "left"):
        found.append("visitor")
    return found
