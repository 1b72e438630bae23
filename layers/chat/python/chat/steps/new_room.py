"""Found a room with its first members, in one transaction."""

from collections.abc import Collection, Mapping
from typing import Any

from chat.rules.models import LIMITS, Role
from chat.rules.rooms import Room
from chat.storage.aws import Cancelled
from chat.storage.places import Place, head_place, invitation_place, membership_place, roster_place
from chat.storage.store import Store
from chat.storage.tables import NEW, Write

MAX_FIRST_MEMBERS = 49
"""A transaction holds 100 actions: the head, and two items for each member."""


def add_room(store: Store, room: Room, members: Mapping[str, Role], settings: Mapping[str, Any]) -> bool:
    """Make `room` at `seq` 0 and epoch 1 with `members` (role by user id); `False` when it exists already.

    `settings` holds the room's own rules by their names in the HEAD item (`personPerSecond`, `retentionDays`
    …).
    """
    try:
        store.tables.transact(room_writes(room, members, settings))
    except Cancelled:
        return False
    return True


def room_writes(
    room: Room,
    members: Mapping[str, Role],
    settings: Mapping[str, Any],
    added: Collection[str] = (),
    *,
    invited: bool = False,
) -> list[Write]:
    """The writes that make a room, each on condition that its item is new. `added`: those whom somebody else puts
    there, or only invites (`invited`)."""
    if not 0 < len(members) <= MAX_FIRST_MEMBERS:
        raise ValueError(f"a room is founded with 1 to {MAX_FIRST_MEMBERS} members")
    writes = [new_head_write(room, sum(role == "owner" for role in members.values()), settings)]
    for user_id, role in members.items():
        mine, member = membership_place(room, user_id), {"role": role, "status": "active", "joinedSeq": 0}
        listed = Write(roster_place(room, user_id), set={"type": "Member", **member})
        if user_id in added:
            member |= {"added": 1} | ({"status": "invited"} if invited else {})
        if user_id in added and invited:
            line = {"type": "Invitation", "role": role, "status": "invited"}
            listed = Write(invitation_place(room, user_id), set=line)
        writes += [_new(mine, {"type": "Membership", **member}), _new(listed.place, listed.set)]
    return writes


def new_head_write(room: Room, owners: int, settings: Mapping[str, Any]) -> Write:
    """The write that makes a room, without anybody in it yet. Limits in `settings` are the deployment's word, as an
    administrator's would be: `createRoom` takes none."""
    head = {"type": "Room", "rev": 1, "seq": 0, "ts": 0, "epoch": 1, "owners": owners, **settings}
    if limits := sorted(LIMITS.keys() & settings.keys()):
        head["adminRules"] = ",".join(limits)
    return _new(head_place(room), head)


def is_occupied(store: Store, room: Room) -> bool:
    """Whether something lies where a room without a head would: its history belongs to its members, and
    whoever made that room anew would get to read it.
    """
    items, _ = store.tables.query_page(
        room.table, room.partition_key, " ", "~", forward=True, count=1, consistent=True
    )
    return bool(items)


def _new(place: Place, item: Mapping[str, Any]) -> Write:
    return Write(place, condition=NEW, set=item, whole=True)
