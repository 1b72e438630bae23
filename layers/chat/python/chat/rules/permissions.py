"""Who may do what in a room, as data. `access` is the only reader of this table."""

from collections.abc import Mapping
from typing import Literal

Operation = Literal[
    "look",  # see a room's name and rules
    "join",  # which changes nothing for whoever is in the room
    "read",  # messages, changes, members, presence, receipts, attachments
    "subscribe",
    "send",  # and edit one's own, upload, say that one is typing
    "saveDraft",
    "mark",  # one's own receipts
    "leave",
    "removeOwn",  # one's own message
    "removeAny",  # anybody's message
    "pin",  # and unpin
    "addMember",
    "removeMember",
    "banMember",
    "unbanMember",
    "muteMember",
    "listBanned",
    "listInvited",
    "updateRoom",
    "setRole",
    "deleteRoom",
    "measure",  # the delivery ledger
    "report",  # that people are there, and what they have: of all rooms at once
]

Standing = Literal["owner", "moderator", "member", "admin", "gateway", "invited", "visitor"]
"""What somebody is to a room: by their membership, by the platform roles `admin` and `gateway`, by an invitation, or
before a public room's door."""

_LOOK_AND_JOIN: frozenset[Operation] = frozenset({"look", "join"})
_MEMBER: frozenset[Operation] = frozenset(
    {"look", "join", "read", "subscribe", "send", "saveDraft", "mark", "leave", "removeOwn"}
)
_KEEP_ORDER: frozenset[Operation] = frozenset(
    {
        "removeAny",
        "addMember",
        "removeMember",
        "banMember",
        "unbanMember",
        "muteMember",
        "listBanned",
        "listInvited",
        "measure",
    }
)
_PIN: frozenset[Operation] = frozenset({"pin"})
_RULE: frozenset[Operation] = frozenset({"updateRoom", "setRole", "deleteRoom"})

PERMISSIONS: Mapping[Standing, frozenset[Operation]] = {
    "owner": _MEMBER | _KEEP_ORDER | _PIN | _RULE,
    "moderator": _MEMBER | _KEEP_ORDER | _PIN,
    "member": _MEMBER,
    # Not `subscribe`: nothing could end that subscription when the role goes. Not `send`: whoever speaks is
    # in the room.
    "admin": _LOOK_AND_JOIN | frozenset[Operation]({"read"}) | _KEEP_ORDER | _RULE,
    # A service of the platform: it hears rooms for people whom it has let in by the chat's own word, follows
    # epochs itself, and passes on what these people have.
    "gateway": frozenset[Operation]({"look", "read", "subscribe", "report"}),
    "invited": _LOOK_AND_JOIN,  # and leave, which declines: that asks no room for anything
    "visitor": _LOOK_AND_JOIN,
}

DIRECT: Mapping[Standing, frozenset[Operation]] = {
    "member": _MEMBER | _PIN,
    # Not `join`, nor anything that would bring somebody else, a rank or an end into the room of two people.
    "admin": frozenset[Operation](
        {"look", "read", "removeAny", "muteMember", "listBanned", "listInvited", "measure"}
    ),
    "gateway": PERMISSIONS["gateway"],
    "invited": _LOOK_AND_JOIN,
}
"""The same in a direct room, where both are plain members and nobody is anything else."""

NOT_IN_DIRECT: frozenset[Operation] = (
    frozenset[Operation]().union(*PERMISSIONS.values()).difference(*DIRECT.values())
)
"""What nobody may do in a direct room."""

RANKS: Mapping[Standing, int] = {
    "visitor": 0,
    "invited": 0,
    "gateway": 0,
    "member": 1,
    "moderator": 2,
    "owner": 3,
    "admin": 4,
}


def outranks(standing: Standing, other: Standing) -> bool:
    """Whether somebody may remove, ban, mute or change another: those below, and owners and administrators
    their equals."""
    return RANKS[standing] > RANKS[other] or standing in ("owner", "admin")
