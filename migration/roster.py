"""Memberships, which belonged to another service: read from a file, and written where they are absent."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from chat import keys
from chat.errors import InvalidInput
from chat.items import key, values
from chat.models import Role
from chat.rooms import Room, is_id
from migration.tables import BATCH_READ, Tables

Roster = dict[str, dict[str, Role]]
"""Role by user id, by room id."""


class BadRoster(Exception):
    """The roster cannot be used; the text says where and why."""


def read_roster(path: Path) -> Roster:
    """The roster in a file: JSON `{roomId: {userId: role}}`, or lines of `roomId userId role`. Raises `BadRoster`."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadRoster(f"{path}: {error}") from None
    if not text.lstrip().startswith("{"):
        return _of_lines(path, text)
    try:
        rooms = json.loads(text, object_pairs_hook=_once)
    except ValueError as error:
        raise BadRoster(f"{path}: {error}") from None
    roster: Roster = {}
    for room_id, members in rooms.items():
        if not isinstance(members, dict):
            raise BadRoster(f"{path}: {room_id}: must hold a role for each user id")
        for user_id, role in members.items():
            _enter(roster, f"{path}: {room_id}", room_id, user_id, role)
    return roster


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)} stands there twice")
    return dict(pairs)


def _of_lines(path: Path, text: str) -> Roster:
    roster: Roster = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        parts = line.split()
        if len(parts) != 3:
            raise BadRoster(f"{path}:{number}: write a room id, a user id and a role")
        _enter(roster, f"{path}:{number}", *parts)
    return roster


def _enter(roster: Roster, where: str, room_id: str, user_id: str, role: Any) -> None:
    try:
        Room.parse(room_id)
    except InvalidInput:
        raise BadRoster(f"{where}: {room_id} is not a room id") from None
    if not is_id(user_id):
        raise BadRoster(f"{where}: {user_id} is not a user id")
    if role not in get_args(Role):
        raise BadRoster(f"{where}: the role of {user_id} must be one of {', '.join(get_args(Role))}")
    if roster.setdefault(room_id, {}).setdefault(user_id, role) != role:
        raise BadRoster(f"{where}: {user_id} has another role in {room_id} already")


def add_members(tables: Tables, room: Room, members: Mapping[str, Role], *, dry_run: bool) -> tuple[int, int]:
    """Write the memberships that are absent. How many these were, and how many were there and stay as they are."""
    wanted = list(members)
    there: set[str] = set()
    for start in range(0, len(wanted), BATCH_READ):
        places = [_place(room, user_id) for user_id in wanted[start : start + BATCH_READ]]
        there |= {item["PK"]["S"] for item in tables.items(room, places)}
    added = 0
    for user_id in wanted:
        if keys.user_partition(user_id) not in there:
            added += dry_run or tables.write(room, _membership(room, user_id, members[user_id]))
    return added, len(wanted) - added


def _place(room: Room, user_id: str) -> Any:
    return key(keys.user_partition(user_id), keys.membership(room.partition_key))


def _membership(room: Room, user_id: str, role: Role) -> list[dict[str, Any]]:
    """The membership, and its line in the room's roster, of which another service may have written one already."""
    names = {f"#{name}": name for name in ("role", "status", "joinedSeq", "type")}
    member = {"role": role, "status": "active", "joinedSeq": 0}
    return [
        {
            "Put": {
                "Item": _place(room, user_id) | values({"type": "Membership", **member}),
                "ConditionExpression": "attribute_not_exists(PK)",
            }
        },
        {
            "Update": {
                "Key": key(room.partition_key, keys.roster(user_id)),
                "UpdateExpression": "SET "
                + ", ".join(f"{name} = if_not_exists({name}, :{own})" for name, own in names.items()),
                "ExpressionAttributeNames": names,
                "ExpressionAttributeValues": values(
                    {f":{n}": v for n, v in member.items()} | {":type": "Member"}
                ),
            }
        },
    ]
