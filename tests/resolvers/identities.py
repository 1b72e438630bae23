"""The functions as a deployment with other sources of identity has them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from chat.storage import keys
from chat_lambda.settings import settings
from simulator.settings import TABLES
from tests.chat.identity.documented import SOURCES
from tests.resolvers.harness import Event, Harness, Refusal

Stored = dict[tuple[str, str, str], Any]


@contextmanager
def identity(sources: list[dict[str, Any]] | None = SOURCES) -> Iterator[None]:
    """IDENTITY has these sources; `None`: it is not set. A function reads its settings once: they are read anew."""
    with pytest.MonkeyPatch.context() as environment:
        if sources is not None:
            environment.setenv("IDENTITY", json.dumps(sources))
            environment.delenv("JWT_ISSUER")
        settings.cache_clear()
        yield
    settings.cache_clear()


def as_stored(harness: Harness, room_id: str, *users: str) -> Stored:
    """Everything of the room, and of these users, in both tables."""
    found = [f"ROOM#{room_id}", *(keys.user_partition(user) for user in users)]
    return {
        (table, item["PK"]["S"], item["SK"]["S"]): item
        for table in TABLES.values()
        for partition_key in found
        for item in harness.partition(table, partition_key)
    }


def refused(
    harness: Harness,
    event: Event,
    values: dict[str, str],
    *users: str,
    sources: list[dict[str, Any]] | None = SOURCES,
) -> Refusal:
    """The refusal of an event, after which everything of its room and of these users is as before."""
    before = as_stored(harness, event["arguments"]["roomId"], *users)
    with identity(sources):
        outcome = harness.invoke(event)
    assert isinstance(outcome, Refusal), outcome
    assert (outcome.error_type, outcome.values) == ("IdentityRefused", values)
    assert as_stored(harness, event["arguments"]["roomId"], *users) == before
    return outcome
