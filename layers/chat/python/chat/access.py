"""The one decision about access: who gets a room. Sending, reading and subscribing all pass through here."""

from dataclasses import dataclass

from chat.errors import NotRoomMember
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
    """The room, for somebody who is in it. Raises `NotRoomMember` alike for no room, no membership and a ban."""
    head, member = view.head, view.member
    if head is not None and member is not None and member.status == "active":
        return Access(head, member)
    raise NotRoomMember
