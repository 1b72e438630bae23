"""What happens in a room of the joint history, as its subscribers are told, and the clients that hear it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.guarantees.rooms.joint_api import Wire
from tests.guarantees.rooms.joint_views import Replica

Fact = tuple[str, Any]
"""What happened, and to which message (its number) or person."""

OF_NOTICES = {
    "MEMBER_JOINED": "active",
    "MEMBER_ADDED": "active",
    "MEMBER_LEFT": "left",
    "MEMBER_INVITED": "invited",
    "INVITATION_ENDED": "declined",
}
OF_PINS = {"MESSAGE_PINNED": "pinned", "MESSAGE_UNPINNED": "unpinned"}
HELD_TO = ("sent", "edited", "removed", "pinned", "unpinned")
"""What subscribers are told of only if it has happened."""

REDUCED = {"id", "roomId", "roomType", "guildId", "senderId", "ts", "seq", "epoch", "rev", "removedAt"}
"""What subscribers are told of a changed message where the history is visible from joining."""


@dataclass
class Ear:
    """A subscription that was accepted, and stays open until its client ends it, whether or not its person is still there.
    `since`: how much had happened when it began, and `until` how much of that was told when its client went."""

    user: str
    epoch: int
    since: int
    until: int | None = None
    heard: list[Fact] = field(default_factory=list)
    end: Callable[[], None] = field(default=lambda: None)


@dataclass
class Device:
    """Somebody's client, which does what `docs/clients.md` says. `to_read`: messages of which it knows only that they have
    changed."""

    replica: Replica
    ear: Ear
    is_stale: bool = False
    to_read: set[str] = field(default_factory=set)


def fact_of(event: Wire) -> Fact | None:
    """What a live event says; `None` for what is held to nothing but its audience."""
    notice = event["notice"]
    if notice is None:
        how = "sent" if event["rev"] is None else "removed" if event["removedAt"] else "edited"
        return how, event["seq"]
    kind = notice["kind"]
    if kind in OF_PINS:
        return OF_PINS[kind], notice["seq"]
    return (OF_NOTICES[kind], notice["userId"]) if kind in OF_NOTICES else None
