"""The people of a room whose name, or id, begins as somebody types.

In a room of up to a hundred people everybody is looked at: the roster, and a batch of profiles. In a larger one the index
of names is (`name_index.py`), and ids by their own keys, in which capitals and accents count; both are ranges of keys, and
so cost the same however large the room is.
"""

from collections.abc import Mapping, Sequence
from functools import partial

from chat.deployment import Deployment
from chat.rules.models import Item, Member
from chat.rules.name_search import folded
from chat.rules.people import Profile, label
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.batches import found_at
from chat.steps.listing import list_people, user_of
from chat.steps.people import read_profiles
from chat.steps.retry import retried
from chat.storage import keys
from chat.storage.places import membership_place

SMALL_ROOM = 100
"""Up to how many people everybody is looked at."""
SPARE = 10
"""How many items of the index are read beyond those that are answered, since some may be of people who have gone."""
MOST_CANDIDATES = 50


def search(
    deployment: Deployment, room: Room, prefix: str, limit: int, tally: Tally, deadline: float
) -> Mapping[str, Profile]:
    """Up to `limit` people, by their labels. Two requests in a small room, five in a larger one, and none of either for
    names where a directory knows these. Raises `ServiceUnavailable`."""
    lines, are_more = retried(
        deployment, lambda: list_people(deployment.store, room, "ACTIVE", SMALL_ROOM), deadline
    )
    user_ids: Sequence[str] = [line.user_id for line in lines]
    if are_more:
        user_ids = _candidates(deployment, room, prefix, limit, deadline)
    profiles = read_profiles(deployment, user_ids, tally, deadline)
    wanted = folded(prefix)
    found = [
        (folded(label(user_id, profile)), user_id)
        for user_id, profile in profiles.items()
        if _begins(user_id, profile, prefix, wanted)
    ]
    return {user_id: profiles[user_id] for _, user_id in sorted(found)[:limit]}


def _begins(user_id: str, profile: Profile, prefix: str, wanted: str) -> bool:
    return (
        folded(profile.name or "").startswith(wanted)
        or folded(user_id).startswith(wanted)
        or user_id.startswith(prefix)
    )


def _candidates(
    deployment: Deployment, room: Room, prefix: str, limit: int, deadline: float
) -> Sequence[str]:
    """Who may be meant in a large room: by name those who are in it still, and by id."""
    names = [] if deployment.directory is not None else _by_name(deployment, room, prefix, limit, deadline)
    escaped = keys.roster(prefix)
    listed = _range(deployment, room, escaped, f"{escaped}\U0010ffff", limit, deadline)
    return list(dict.fromkeys([*names, *(user_of(item) for item in listed)]))


def _by_name(deployment: Deployment, room: Room, prefix: str, limit: int, deadline: float) -> list[str]:
    low, high = keys.name_range(folded(prefix))
    items = _range(deployment, room, low, high, min(limit + SPARE, MOST_CANDIDATES), deadline)
    mine = {
        user_id: membership_place(room, user_id)
        for user_id in dict.fromkeys(keys.named_in(item["SK"]["S"]) for item in items)
    }
    found = found_at(deployment, list(mine.values()), deadline, consistent=False)
    members = {user_id: Member.found(found.get(place)) for user_id, place in mine.items()}
    return [user_id for user_id, member in members.items() if member and member.status == "active"]


def _range(
    deployment: Deployment, room: Room, low: str, high: str, count: int, deadline: float
) -> Sequence[Item]:
    read = partial(
        deployment.store.tables.query_page,
        room.table,
        room.partition_key,
        low,
        high,
        forward=True,
        count=count,
        consistent=False,
    )
    items, _ = retried(deployment, read, deadline)
    return items
