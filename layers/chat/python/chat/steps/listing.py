"""A room's people in the order of their keys: who is in it, and who is banned. For showing only; memberships
decide."""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from chat.rules.models import Item, Member
from chat.rules.record import record
from chat.rules.rooms import Room
from chat.storage import keys
from chat.storage.items import expiry_of
from chat.storage.store import Store

MOST_COUNTED = 1_000

Listed = Literal["ACTIVE", "INVITED", "BANNED"]
LISTS: Mapping[Listed, tuple[str, str, Callable[[str], str]]] = {
    "ACTIVE": (keys.ROSTER, keys.ROSTER_END, keys.roster),
    "INVITED": (keys.INVITATIONS, keys.INVITATIONS_END, keys.invited),
    "BANNED": (keys.BANS, keys.BANS_END, keys.banned),
}


@record(frozen=True, slots=True)
class RosterLine:
    """Somebody in a list."""

    user_id: str
    member: Member
    ends_at: int | None = None
    """When the line is gone (s), if it ends by itself."""


def user_of(item: Item) -> str:
    """Whose line it is."""
    return keys.user_in(item["SK"]["S"])


def count_members(store: Store, room: Room, most: int = MOST_COUNTED) -> int:
    """How many are in the room, counted up to `most`: half a read unit for each 30 or so of them."""
    return store.tables.count(room.table, room.partition_key, keys.ROSTER, keys.ROSTER_END, most=most)


def list_people(
    store: Store, room: Room, listed: Listed, limit: int, after: str | None = None
) -> tuple[Sequence[RosterLine], bool]:
    """Up to `limit` people whose keys sort after that of `after`, and whether there are more."""
    low, high, key_of = LISTS[listed]
    items, further = store.tables.query_page(
        room.table,
        room.partition_key,
        low,
        high,
        forward=True,
        count=limit + 1,
        consistent=False,
        start=None if after is None else key_of(after),
    )
    lines = [RosterLine(user_of(item), Member.of(item), expiry_of(item)) for item in items]
    return lines[:limit], bool(further) or len(lines) > limit
