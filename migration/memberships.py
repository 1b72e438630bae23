"""Memberships are written where they are absent, and the room's list of its members follows them."""

from collections.abc import Mapping
from typing import Any

from chat.rules.models import Item, Member, Role
from chat.rules.rooms import Room
from chat.storage import keys
from chat.storage.items import key, values
from migration.tables import Tables


def add_members(tables: Tables, room: Room, members: Mapping[str, Role], *, dry_run: bool) -> tuple[int, int]:
    """Write the memberships that are absent: how many are written, and how many exist and stay as they are.

    The room's list of its members follows the memberships, also where another service has written a line.
    """
    memberships = _by_user(tables, room, [_membership(room, user_id) for user_id in members], "PK")
    lines = _by_user(tables, room, [_line(room, user_id) for user_id in members], "SK")
    added = 0
    for user_id, role in members.items():
        membership = memberships.get(user_id)
        if membership is None:
            added += dry_run or _add(tables, room, user_id, role)
        elif not dry_run and _differs(membership, lines.get(user_id)):
            tables.write(room, [_listed(room, user_id, _line_of(membership))])
    return added, len(members) - added


def count_owners(tables: Tables, room: Room) -> int:
    """How many owners the room's list of its members names."""
    return sum(
        item.get("role") == {"S": "owner"} and item.get("status") == {"S": "active"}
        for item in tables.below(room, keys.ROSTER)
    )


def _by_user(tables: Tables, room: Room, wanted: list[Item], attribute: str) -> dict[str, Item]:
    """The items under these keys, by the user id in this attribute of the key."""
    return {keys.user_in(item[attribute]["S"]): item for item in tables.items(room, wanted)}


def _membership(room: Room, user_id: str) -> Item:
    """The key of a membership."""
    return key(keys.user_partition(user_id), keys.membership(room.partition_key))


def _line(room: Room, user_id: str) -> Item:
    """The key of somebody's line in the room's list."""
    return key(room.partition_key, keys.roster(user_id))


def _line_of(membership: Item) -> dict[str, Any]:
    """What the line of somebody with this membership says."""
    member: Member = Member.of(membership)
    return {"role": member.role, "status": member.status, "joinedSeq": member.joined_seq}


def _differs(membership: Item, line: Item | None) -> bool:
    """Whether somebody is in the room and the list does not say what their membership says."""
    expected = values(_line_of(membership))
    if expected["status"] != {"S": "active"}:
        return False
    return line is None or any(line.get(name) != value for name, value in expected.items())


def _add(tables: Tables, room: Room, user_id: str, role: Role) -> bool:
    """Write a membership; `False` when it has been written by another process meanwhile.

    An owner is counted in the head, if there is one.
    """
    member = {"role": role, "status": "active", "joinedSeq": 0}
    new = {
        "Put": {
            "Item": _membership(room, user_id) | values({"type": "Membership", **member}),
            "ConditionExpression": "attribute_not_exists(PK)",
        }
    }
    while not tables.items(room, [_membership(room, user_id)]):
        owned = [_owner_counted(tables, room)] if role == "owner" else []
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


def _owner_counted(tables: Tables, room: Room) -> dict[str, Any]:
    """One owner more in the room's head, if it keeps their number.

    Where there is no head, the condition that there is none yet: the one to come counts the owners.
    """
    head = key(room.partition_key, keys.HEAD)
    found = tables.items(room, [head])
    if not found:
        return {"ConditionCheck": {"Key": head, "ConditionExpression": "attribute_not_exists(PK)"}}
    is_kept = "owners" in found[0]
    return {
        "Update": {
            "Key": head,
            "UpdateExpression": "SET rev = rev + :one" + (", owners = owners + :one" if is_kept else ""),
            "ConditionExpression": "attribute_exists(PK) AND "
            + ("attribute_exists(owners)" if is_kept else "attribute_not_exists(owners)"),
            "ExpressionAttributeValues": values({":one": 1}),
        }
    }
