"""Memberships, which belonged to another service: read from a file, and written where they are absent."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from chat.rules.errors import InvalidInput
from chat.rules.models import Item, Member, Role
from chat.rules.rooms import Room, is_id
from chat.storage import keys
from chat.storage.items import key, values
from migration.tables import Tables

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
    """Write the memberships that are absent. How many these were, and how many were there and stay as they are.

    The room's own list of its people follows the memberships, also where somebody else has written a line of it.
    """
    seats = _by_user(tables, room, [_seat(room, user_id) for user_id in members], "PK")
    lines = _by_user(tables, room, [_line(room, user_id) for user_id in members], "SK")
    added = 0
    for user_id, role in members.items():
        seat = seats.get(user_id)
        if seat is None:
            added += dry_run or _add(tables, room, user_id, role)
        elif not dry_run and _differs(seat, lines.get(user_id)):
            tables.write(room, [_listed(room, user_id, _told(seat))])
    return added, len(members) - added


def count_owners(tables: Tables, room: Room) -> int:
    """How many owners the room's list of its people names."""
    return sum(
        item.get("role") == {"S": "owner"} and item.get("status") == {"S": "active"}
        for item in tables.below(room, keys.ROSTER)
    )


def _by_user(tables: Tables, room: Room, places: list[Item], attribute: str) -> dict[str, Item]:
    """The items at these places, by the user id that this part of their key ends with."""
    return {item[attribute]["S"].split("#", 1)[1]: item for item in tables.items(room, places)}


def _seat(room: Room, user_id: str) -> Item:
    return key(keys.user_partition(user_id), keys.membership(room.partition_key))


def _line(room: Room, user_id: str) -> Item:
    return key(room.partition_key, keys.roster(user_id))


def _told(seat: Item) -> dict[str, Any]:
    """What the line of somebody with this membership says."""
    member: Member = Member.of(seat)
    return {"role": member.role, "status": member.status, "joinedSeq": member.joined_seq}


def _differs(seat: Item, line: Item | None) -> bool:
    """Whether the list does not say what the membership of somebody who is in the room says."""
    told = values(_told(seat))
    if told["status"] != {"S": "active"}:
        return False
    return line is None or any(line.get(name) != value for name, value in told.items())


def _add(tables: Tables, room: Room, user_id: str, role: Role) -> bool:
    """Write a membership; `False` when somebody else has written one meanwhile. An owner is counted in the head, if any."""
    member = {"role": role, "status": "active", "joinedSeq": 0}
    new = {
        "Put": {
            "Item": _seat(room, user_id) | values({"type": "Membership", **member}),
            "ConditionExpression": "attribute_not_exists(PK)",
        }
    }
    while not tables.items(room, [_seat(room, user_id)]):
        owned = [_counted(tables, room)] if role == "owner" else []
        if tables.write(room, [new, _listed(room, user_id, member), *owned]):
            return True
    return False


def _listed(room: Room, user_id: str, member: Mapping[str, Any]) -> dict[str, Any]:
    """The line of the room's list; what else another service keeps in it stays."""
    line = {"type": "Member", **member}
    return {
        "Update": {
            "Key": _line(room, user_id),
            "UpdateExpression": "SET " + ", ".join(f"#{name} = :{name}" for name in line),
            "ExpressionAttributeNames": {f"#{name}": name for name in line},
            "ExpressionAttributeValues": values({f":{name}": value for name, value in line.items()}),
        }
    }


def _counted(tables: Tables, room: Room) -> dict[str, Any]:
    """One owner more in the room's head, if it keeps their number; or the condition that there is no head yet, since the one
    to come counts them."""
    head = key(room.partition_key, keys.HEAD)
    found = tables.items(room, [head])
    if not found:
        return {"ConditionCheck": {"Key": head, "ConditionExpression": "attribute_not_exists(PK)"}}
    is_kept = "owners" in found[0]
    return {
        "Update": {
            "Key": head,
            "UpdateExpression": "SET rev = rev + :one" + (", owners = owners + :one" if is_kept else ""),
            "ConditionExpression": f"attribute_exists(PK) AND attribute_{'' if is_kept else 'not_'}exists(owners)",
            "ExpressionAttributeValues": values({":one": 1}),
        }
    }
