"""Bans of people whose data was erased: a room keeps them out after that, and does not say whom.

The line in the room's list has, in place of the user id, a keyed pseudonym of the person in this room (`ban_form`), so that
nobody learns from two rooms that it is the same person, and nobody without the key who it is. It is found by the id of
whoever comes, and looked for only where they have a tombstone: others cost nothing more.
"""

from collections.abc import Iterable, Mapping

from chat.deployment import Deployment
from chat.rules.access import View
from chat.rules.erasure import ban_form, is_ban_form
from chat.rules.errors import NotRoomMember
from chat.rules.models import Caller, Member
from chat.rules.rooms import Room
from chat.steps.roster import RosterSnapshot
from chat.storage.items import is_expired
from chat.storage.places import Found, Place, ban_place, head_place, membership_place, tombstone_place


def kept_ban_place(deployment: Deployment, room: Room, user_id: str) -> Place:
    """Where the ban of a person lies once they are erased. `user_id` may be the form that the room's list says."""
    if is_ban_form(user_id):
        return ban_place(room, user_id)
    named = f"ban\n{room.partition_key}\n{user_id}"  # no user id has a line feed
    return ban_place(room, ban_form(deployment.pseudonym(named)))


def kept_bans(
    deployment: Deployment, room: Room, user_ids: Iterable[str], found: Found
) -> Mapping[str, Member]:
    """Those of these people whom the room keeps out since before they were erased. `found` has their tombstones
    (`person_marks.py`). One request, where somebody has one."""
    places = {
        each: kept_ban_place(deployment, room, each) for each in user_ids if tombstone_place(each) in found
    }
    if not places:
        return {}
    items = deployment.store.tables.batch(list(places.values()), consistent=True)
    return {
        each: ban
        for each, place in places.items()
        if (ban := _in_force(deployment, items, place)) is not None
    }


def refuse_banned(deployment: Deployment, room: Room, caller: Caller) -> None:
    """Raises `NotRoomMember` for a visitor whom the room keeps out. 1 read unit."""
    found = deployment.store.tables.batch([tombstone_place(caller.user_id)], consistent=True)
    if kept_bans(deployment, room, [caller.user_id], found):
        raise NotRoomMember


def read_banned(
    deployment: Deployment, room: Room, caller: Caller, user_id: str, kept_at: Place
) -> tuple[RosterSnapshot, Member | None]:
    """The room, the caller, the person, and the ban at `kept_at`, in one consistent look: 4 read units."""
    head = head_place(room)
    mine, theirs = (membership_place(room, each) for each in (caller.user_id, user_id))
    found = deployment.store.tables.batch(list(dict.fromkeys([head, mine, theirs, kept_at])), consistent=True)
    view = View.of(found.get(head), found.get(mine))
    snapshot = RosterSnapshot(view, Member.found(found.get(theirs)))
    return snapshot, _in_force(deployment, found, kept_at)


def _in_force(deployment: Deployment, found: Found, place: Place) -> Member | None:
    item = found.get(place)
    return None if item is None or is_expired(item, deployment.now() // 1_000) else Member.of(item)
