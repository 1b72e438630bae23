"""A room as the schema's `Room`, and somebody in it as its `Member`."""

from dataclasses import fields
from typing import Any

from chat.rules.direct import other_of
from chat.rules.instants import to_wire
from chat.rules.models import Head, Member, RoomSettings
from chat.rules.rooms import Room


def room_to_wire(
    room: Room,
    head: Head,
    defaults: RoomSettings,
    *,
    viewer: str | None = None,
    reads: bool = True,
    me: dict[str, Any] | None = None,
    member_count: int | None = None,
) -> dict[str, Any]:
    """The schema's `Room`, with the rules that are in force.

    `viewer`: for whom it is, so that a direct room names the other; not in notices, which both hear. `reads`: whether it is for somebody who may read the room; visitors do not get its head. `me` comes from
    `member_to_wire`; `member_count` is left null where nobody counted.
    """
    settings = head.settings(defaults)
    return {
        "roomId": room.id,
        "roomType": room.type,
        "guildId": room.guild_id,
        "name": head.name,
        "description": head.description,
        "avatarUrl": head.avatar_url,
        "avatarId": head.avatar_id,
        "visibility": head.visibility.upper(),
        "historyFrom": (head.history_from or "beginning").upper(),
        "archivedAt": to_wire(head.archived_at) if head.archived_at else None,
        "directWith": other_of(head, viewer),
        "historyRev": head.history_rev,
        **{_camel(each.name): getattr(settings, each.name) for each in fields(RoomSettings)},
        "memberCount": member_count,
        "head": head.to_wire() if reads else None,
        "me": me,
    }


def member_to_wire(user_id: str, member: Member, now: int) -> dict[str, Any]:
    """The schema's `Member` for somebody who is in the room; a mute that is over by `now` (ms) is none."""
    return {
        "userId": user_id,
        "role": member.role.upper(),
        "status": member.status.upper(),
        "mutedUntil": to_wire(member.muted_until) if member.muted_until > now else None,
        "joinedSeq": member.joined_seq,
    }


def _camel(name: str) -> str:
    return name[0] + name.title().replace("_", "")[1:]
