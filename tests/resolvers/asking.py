"""Asks for people's data, as somebody who has signed in."""

import time
import uuid

from chat.storage import keys
from tests.resolvers.harness import Event, Harness

FOR_OTHERS = ("Mutation.requestExport", "Mutation.requestErasure")
MADE = ["REQUEST", "REQUESTS"]
"""The items that a request, and its end, change in the person's partition."""


def somebody(harness: Harness) -> str:
    """A person of whom something is stored."""
    user = f"p-{uuid.uuid4()}"
    harness.room({user: "owner"})
    return user


def by(
    harness: Harness, name: str, user: str, *, role: str = "", age_s: int | None = 5, **given: object
) -> Event:
    """An event by somebody who signed in `age_s` seconds ago."""
    event = harness.event(name, user)
    event["arguments"] = given
    context = event["identity"]["resolverContext"]
    context["roles"] = role
    if age_s is not None:
        context["signedInAt"] = str(int(time.time()) - age_s)
    return event


def due(harness: Harness, user: str) -> list[str]:
    """The ids of somebody's requests that wait."""
    prefix = keys.person_request(user, "")
    found = [item["subject"]["S"] for item in harness.partition("gg_core", "DUE")]
    return [each.removeprefix(prefix) for each in found if each.startswith(prefix)]
