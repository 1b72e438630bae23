"""What somebody wants to be notified of in a room."""

from typing import Any, Literal, get_args

from chat.rules.instants import to_wire
from chat.rules.models import Receipts
from chat.rules.rooms import Room

Level = Literal["all", "mentions", "none"]
"""As it is stored: what is absent is the default."""

LEVELS: tuple[Level, ...] = get_args(Level)

ALL_MEMBERS = 100
"""In rooms of up to so many members the default is every message, in larger ones what mentions the person. Above it `all` counts
as `mentions`, and so does a mention of everybody as none: what a message costs does not grow with the room."""


def setting_to_wire(room: Room, receipts: Receipts, now: int) -> dict[str, Any]:
    """The schema's `NotificationSetting`. A mute that is over by `now` (ms) is none."""
    muted_until = receipts.notify_muted_until
    return {
        "roomId": room.id,
        "level": receipts.notify_level and receipts.notify_level.upper(),
        "mutedUntil": to_wire(muted_until) if muted_until > now else None,
    }
