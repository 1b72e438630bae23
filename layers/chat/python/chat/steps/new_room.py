"""Found a room with its first members, in one transaction."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from chat.deployment import Deployment
from chat.rules.events import event_at
from chat.rules.generations import in_generation
from chat.rules.models import LIMITS, Head, Notice, Role
from chat.rules.record import record
from chat.rules.rooms import Room
from chat.storage.aws import Cancelled
from chat.storage.event_items import event_write
from chat.storage.items import values
from chat.storage.places import Place, head_place, invitation_place, membership_place, roster_place
from chat.storage.store import Store
from chat.storage.tables import NEW, Write

MAX_FIRST_MEMBERS = 49
"""A transaction holds 100 actions: the head, its event, and two items for each member."""


@record(frozen=True, slots=True)
class Founding:
    """That a room is made: the id of the event that tells it, when (ms), in which generation of the tables, and by whom;
    `None` for a service."""

    event_id: str
    at: int
    generation: int
    founder: str | None


def founding(deployment: Deployment, founder: str | None) -> Founding:
    """A room is made now."""
    at = deployment.now()
    return Founding(deployment.new_id(at), at, deployment.store.tables.generation, founder)


def add_room(store: Store, room: Room, members: Mapping[str, Role], settings: Mapping[str, Any]) -> bool:
    """Make `room` at `seq` 0 and epoch 1 with `members` (role by user id), as a service; `False` when it exists already.

    `settings` holds the room's own rules by their names in the HEAD item (`personPerSecond`, `retentionDays`
    …).
    """
    try:
        store.tables.transact(room_writes(room, members, settings, founding(Deployment(store), None)))
    except Cancelled:
        return False
    return True


def room_writes(
    room: Room,
    members: Mapping[str, Role],
    settings: Mapping[str, Any],
    origin: Founding,
    added: Collection[str] = (),
    *,
    invited: bool = False,
    marks: Mapping[str, Mapping[str, int]] = MappingProxyType({}),
) -> list[Write]:
    """The writes that make a room: its head, the event, and two items for each member, each but the event on condition
    that its item is new. `added`: those whom somebody else puts there, or only invites (`invited`). `marks`: what follows
    people into the room (`person_marks.py`)."""
    if not 0 < len(members) <= MAX_FIRST_MEMBERS:
        raise ValueError(f"a room is founded with 1 to {MAX_FIRST_MEMBERS} members")
    people: list[Write] = []
    notices: list[Notice] = []
    for user_id, role in members.items():
        mine, member = membership_place(room, user_id), {"role": role, "status": "active", "joinedSeq": 0}
        listed = Write(roster_place(room, user_id), set={"type": "Member", **member})
        is_invited = invited and user_id in added
        if user_id in added:
            member |= {"added": 1} | ({"status": "invited"} if invited else {})
        if is_invited:
            line = {"type": "Invitation", "role": role, "status": "invited"}
            listed = Write(invitation_place(room, user_id), set=line)
        people += [
            _new(mine, {"type": "Membership", **member, **marks.get(user_id, {})}),
            _new(listed.place, listed.set),
        ]
        notices.append(
            Notice(kind="MEMBER_INVITED" if is_invited else "MEMBER_ADDED", user_id=user_id, role=role)
        )
    owners = sum(role == "owner" for role in members.values())
    return [*new_head_writes(room, owners, settings, origin, notices), *people]


def new_head_writes(
    room: Room, owners: int, settings: Mapping[str, Any], origin: Founding, notices: Sequence[Notice]
) -> list[Write]:
    """The writes that make a room, without anybody in it yet: the head, and the event of its first revision. Limits in
    `settings` are the deployment's word, as an administrator's would be: `createRoom` takes none. `notices` name the
    first members; their `rev` is filled in."""
    attributes = {"type": "Room", "rev": 1, "seq": 0, "ts": 0, "epoch": 1, "owners": owners, **settings}
    if limits := sorted(LIMITS.keys() & settings.keys()):
        attributes["adminRules"] = ",".join(limits)
    head = Head.of(in_generation(values(attributes), origin.generation))
    event = event_at(
        room,
        head,
        event_id=origin.event_id,
        kind="ROOM_CREATED",
        ts=origin.at,
        actor_id=origin.founder,
        notices=[replace(notice, rev=head.rev) for notice in notices],
    )
    return [_new(head_place(room), attributes), event_write(room, head, event)]


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
