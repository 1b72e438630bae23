"""What follows somebody into every room that they come to: that their data was erased, and that a legal hold covers them. It
stands in their own partition, and whoever takes them into a room copies it to their membership, so that a send, which
looks at that anyway, reads nothing more.

Whoever is being erased comes nowhere meanwhile: the erasure goes through what there is of them, and would leave that behind.
"""

from collections.abc import Iterable, Mapping

from chat.rules.errors import NotAllowed
from chat.storage.erased_items import Tombstone
from chat.storage.places import Found, Place, held_place, tombstone_place
from chat.storage.store import Store
from chat.storage.tables import Write

PEOPLE_PER_REQUEST = 49
"""Two items of each, where a request has 100."""


def mark_places(*user_ids: str) -> list[Place]:
    """The items that say so, for the look before somebody is taken in: 2 read units each."""
    return [place for each in user_ids for place in (tombstone_place(each), held_place(each))]


def read_marks(store: Store, user_ids: Iterable[str]) -> Found:
    """The same of many people, in a request for every 49."""
    people, found = list(user_ids), Found()
    for first in range(0, len(people), PEOPLE_PER_REQUEST):
        places = mark_places(*people[first : first + PEOPLE_PER_REQUEST])
        found |= store.tables.batch(places, consistent=True)
    return found


def is_being_erased(found: Found, user_id: str) -> bool:
    """Whether somebody's erasure has begun and not ended."""
    tombstone = _tombstone(found, user_id)
    return tombstone is not None and tombstone.state == "erasing"


def marks_of(found: Found, user_id: str) -> Mapping[str, int]:
    """What the membership of somebody who comes now holds of it. Raises `NotAllowed` where they are being erased."""
    if is_being_erased(found, user_id):
        raise NotAllowed("privacy.erasing", reason="erasing")
    tombstone = _tombstone(found, user_id)
    erased = {"erasedAt": tombstone.at} if tombstone is not None else {}
    return erased | ({"held": 1} if held_place(user_id) in found else {})


def still_not_erased(found: Found, user_id: str) -> Write:
    """The look, at the commit, that no erasure of theirs has begun meanwhile."""
    tombstone = _tombstone(found, user_id)
    place = tombstone_place(user_id)
    if tombstone is None:
        return Write(place, condition="attribute_not_exists(PK)")
    return Write(
        place,
        condition="attribute_not_exists(PK) OR (#state = :state AND #at = :at)",
        given={":state": tombstone.state, ":at": tombstone.at},
    )


def _tombstone(found: Found, user_id: str) -> Tombstone | None:
    return Tombstone.found(found.get(tombstone_place(user_id)))
