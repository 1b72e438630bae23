"""Items by their places, as many as are wanted: a batch of DynamoDB has a hundred at the most."""

from collections.abc import Sequence

from chat.deployment import Deployment
from chat.steps.retry import retried
from chat.storage.places import Found, Place
from chat.storage.tables import MOST_ACTIONS


def found_at(deployment: Deployment, places: Sequence[Place], deadline: float, *, consistent: bool) -> Found:
    """Those of the items that are there, a request for each hundred. Raises `ServiceUnavailable`."""
    found: Found = {}
    for start in range(0, len(places), MOST_ACTIONS):
        found |= _batch(deployment, places[start : start + MOST_ACTIONS], deadline, consistent=consistent)
    return found


def _batch(deployment: Deployment, places: Sequence[Place], deadline: float, *, consistent: bool) -> Found:
    tables = deployment.store.tables
    return retried(deployment, lambda: tables.batch(places, consistent=consistent), deadline)
