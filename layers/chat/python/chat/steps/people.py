"""What people are called and how they look, from wherever this deployment has it: their own profiles, or the team's
directory."""

from collections.abc import Mapping, Sequence
from typing import Any

from chat.deployment import Deployment
from chat.rules.people import NOTHING_KNOWN, Profile, person_to_wire
from chat.rules.tally import Tally
from chat.steps.batches import found_at
from chat.steps.retry import deadline_of
from chat.storage.places import profile_place


def read_profiles(
    deployment: Deployment, user_ids: Sequence[str], tally: Tally, deadline: float
) -> Mapping[str, Profile]:
    """The profile of each of these people, a request for each hundred, or a question to the directory. Nobody is absent:
    who is not known there has said nothing. Raises `ServiceUnavailable`."""
    if deployment.directory is not None:
        return deployment.directory.people(user_ids, tally)
    places = {user_id: profile_place(user_id) for user_id in user_ids}
    found = found_at(deployment, list(places.values()), deadline, consistent=False)
    profiles = {user_id: Profile.found(found.get(place)) for user_id, place in places.items()}
    return {user_id: profile or NOTHING_KNOWN for user_id, profile in profiles.items()}


def person_of(deployment: Deployment, user_id: str, tally: Tally | None = None) -> dict[str, Any]:
    """The schema's `Person` of one person, who may see it: themself, mostly. One request. Raises `ServiceUnavailable`."""
    given = Tally() if tally is None else tally
    profiles = read_profiles(deployment, [user_id], given, deadline_of(deployment))
    return person_to_wire(user_id, profiles[user_id])
