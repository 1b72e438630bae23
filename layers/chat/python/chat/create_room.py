"""Create a room with its first members, in one transaction."""

from collections.abc import Mapping
from typing import Any

from chat import keys
from chat.items import key, values
from chat.models import Role
from chat.rooms import Room
from chat.store import Store

MAX_FIRST_MEMBERS = 49
"""A transaction holds 100 actions: the head, and two items for each member."""


def create_room(store: Store, room: Room, members: Mapping[str, Role], settings: Mapping[str, Any]) -> bool:
    """Create `room` at `seq` 0 and epoch 1 with `members` (role by user id); `False` when it exists already.

    `settings` holds the room's own rules by their names in the HEAD item (`personPerSecond`, `retentionDays` …).
    """
    if not 0 < len(members) <= MAX_FIRST_MEMBERS:
        raise ValueError(f"a room is created with 1 to {MAX_FIRST_MEMBERS} members")
    items = [
        key(room.partition_key, keys.HEAD)
        | values({"type": "Room", "rev": 1, "seq": 0, "ts": 0, "epoch": 1, **settings})
    ]
    for user_id, role in members.items():
        member = values({"role": role, "status": "active", "joinedSeq": 0})
        items.append(
            key(keys.user_partition(user_id), keys.membership(room.partition_key))
            | {"type": {"S": "Membership"}}
            | member
        )
        items.append(key(room.partition_key, keys.roster(user_id)) | {"type": {"S": "Member"}} | member)
    return store.create(room.table, items)
