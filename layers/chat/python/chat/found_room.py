"""Found a room with its first members, in one transaction."""

from collections.abc import Mapping
from typing import Any

from chat import keys
from chat.aws import Cancelled
from chat.models import Role
from chat.rooms import Room
from chat.store import Store
from chat.tables import Place, Write

MAX_FIRST_MEMBERS = 49
"""A transaction holds 100 actions: the head, and two items for each member."""


def found_room(store: Store, room: Room, members: Mapping[str, Role], settings: Mapping[str, Any]) -> bool:
    """Make `room` at `seq` 0 and epoch 1 with `members` (role by user id); `False` when it exists already.

    `settings` holds the room's own rules by their names in the HEAD item (`personPerSecond`, `retentionDays` …).
    """
    try:
        store.tables.transact(founding(room, members, settings))
    except Cancelled:
        return False
    return True


def founding(room: Room, members: Mapping[str, Role], settings: Mapping[str, Any]) -> list[Write]:
    """The writes that make a room, each on condition that its item is new."""
    if not 0 < len(members) <= MAX_FIRST_MEMBERS:
        raise ValueError(f"a room is founded with 1 to {MAX_FIRST_MEMBERS} members")
    owners = sum(role == "owner" for role in members.values())
    head = {"type": "Room", "rev": 1, "seq": 0, "ts": 0, "epoch": 1, "owners": owners, **settings}
    writes = [_new(Place(room.table, room.partition_key, keys.HEAD), head)]
    for user_id, role in members.items():
        member = {"role": role, "status": "active", "joinedSeq": 0}
        mine = Place(room.table, keys.user_partition(user_id), keys.membership(room.partition_key))
        listed = Place(room.table, room.partition_key, keys.roster(user_id))
        writes += [_new(mine, {"type": "Membership", **member}), _new(listed, {"type": "Member", **member})]
    return writes


def _new(place: Place, item: Mapping[str, Any]) -> Write:
    return Write(place, condition="attribute_not_exists(PK)", set=item, whole=True)
