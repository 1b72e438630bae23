"""Whose name looks like that of somebody else in a room.

A name is compared with those of the people who are answered with it, and with those whom it pays to be taken for: in a
room of up to a hundred people everybody, in a larger one its owners and moderators, as far as they are among the first
thousand of its roster. So it costs two requests at the most, however large the room is, and none where this process has
compared names in the room within a minute. Whoever has no name is shown by their id, and compared by it.
"""

from collections.abc import Mapping, Sequence
from functools import partial

from chat.deployment import Deployment
from chat.rules.people import Profile, label
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.listing import list_people
from chat.steps.people import read_profiles
from chat.steps.retry import retried

MOST_LISTED = 1_000
"""Lines of the roster that are read: 12 read units or so."""
MOST_COMPARED = 100
KNOWN_S = 60.0
"""For how long what was read is compared with, in seconds."""


def look_alikes_in(
    deployment: Deployment, room: Room, profiles: Mapping[str, Profile], tally: Tally, deadline: float
) -> frozenset[str]:
    """Of the people in `profiles`, those whose name looks like another's. Raises `ServiceUnavailable`."""
    if not profiles:
        return frozenset()
    # Only here: its table is large, and most calls do not ask for this.
    from chat.rules.confusables import look_alikes  # noqa: PLC0415

    labels = {user_id: label(user_id, profile) for user_id, profile in profiles.items()}
    others = _compared_with(deployment, room, profiles, tally, deadline)
    return look_alikes({**others, **labels}.items()) & labels.keys()


def _compared_with(
    deployment: Deployment, room: Room, seen: Mapping[str, Profile], tally: Tally, deadline: float
) -> Mapping[str, str]:
    """The labels of those with whom everybody in the room is compared, by their ids. `seen`: whose profiles are known."""
    now, known = deployment.monotonic(), deployment.memory.labels
    if (found := known.get(room.partition_key, now - KNOWN_S)) is not None:
        return found
    user_ids = retried(deployment, partial(_worth_being, deployment, room), deadline)
    unseen = [user_id for user_id in user_ids if user_id not in seen]
    profiles = {**seen, **(read_profiles(deployment, unseen, tally, deadline) if unseen else {})}
    labels = {user_id: label(user_id, profiles[user_id]) for user_id in user_ids}
    known.put(room.partition_key, labels, now)
    return labels


def _worth_being(deployment: Deployment, room: Room) -> Sequence[str]:
    lines, _ = list_people(deployment.store, room, "ACTIVE", MOST_LISTED)
    if len(lines) > MOST_COMPARED:
        lines = [line for line in lines if line.member.role != "member"]
    return [line.user_id for line in lines[:MOST_COMPARED]]
