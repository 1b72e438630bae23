"""The one decision about access: who gets a room. Sending, reading and subscribing all pass through here."""

from dataclasses import dataclass

from chat.errors import NotAllowed, NotRoomMember
from chat.models import Head, Member


@dataclass(frozen=True, slots=True)
class View:
    """A room and the caller's membership in it, as one look at the table saw them; either may be missing."""

    head: Head | None
    member: Member | None


@dataclass(frozen=True, slots=True)
class Access:
    """A room that the caller is in."""

    head: Head
    member: Member


def open_room(view: View) -> Access:
    """The room, for somebody who is in it. Raises `NotRoomMember` alike for no room, no membership and a ban.

    A membership without a head is that of a room with messages from before numbering: `NotAllowed` until it is adopted.
    """
    member = _member(view)
    if view.head is not None:
        return Access(view.head, member)
    raise NotAllowed("room.notMigrated", reason="notMigrated")


def open_history(view: View) -> Head | None:
    """The head of a room that the caller may read; `None` for one that is not adopted yet. Raises `NotRoomMember`."""
    _member(view)
    return view.head


def _member(view: View) -> Member:
    if view.member is not None and view.member.status == "active":
        return view.member
    raise NotRoomMember
