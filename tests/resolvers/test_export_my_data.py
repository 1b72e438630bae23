"""Mutation.exportMyData: once at a time, not while one is erased, and not often."""

import json
import uuid
from typing import Any

import pytest

from chat.rules.data_requests import HOUR_MS
from chat.rules.instants import from_wire
from chat_lambda.settings import settings
from tests.resolvers.asking import MADE, by, due, somebody
from tests.resolvers.harness import Harness, Refusal

ERASE_ME = "Mutation.eraseMe"
EXPORT_MINE = "Mutation.exportMyData"
LIST = "Query.dataRequests"
WITHDRAW = "Mutation.withdrawDataRequest"


@pytest.mark.parametrize(
    ("name", "kind", "hours"), [(EXPORT_MINE, "EXPORT", 24), (ERASE_ME, "ERASURE", 7 * 24)]
)
def test_a_request_is_made_once_listed_and_withdrawn(
    harness: Harness, name: str, kind: str, hours: int
) -> None:
    user = somebody(harness)
    made = harness.run(by(harness, name, user), writes=MADE)
    told = {
        "kind": kind,
        "state": "WAITING",
        "requestedBy": "SELF",
        "reason": None,
        "begunAt": None,
        "endedAt": None,
    }
    assert told.items() <= made.items()
    assert json.loads(made["receipt"]) == {}
    assert from_wire(made["dueAt"])[0] - from_wire(made["requestedAt"])[0] == hours * HOUR_MS
    assert harness.run(by(harness, name, user), writes=[]) == made
    assert harness.run(by(harness, LIST, user), writes=[]) == [made]
    assert due(harness, user) == [made["id"]]
    withdrawing = by(harness, WITHDRAW, user, id=made["id"])
    ended = harness.run(withdrawing, writes=MADE)
    assert ended == made | {"state": "WITHDRAWN", "endedAt": ended["endedAt"]}
    assert ended["endedAt"]
    assert harness.run(withdrawing, writes=[]) == ended
    assert due(harness, user) == []
    again = harness.run(by(harness, name, user), writes=MADE)
    assert again["id"] != made["id"]
    assert harness.invoke(by(harness, LIST, user)) == [again, ended]


@pytest.mark.parametrize("name", [EXPORT_MINE, ERASE_ME])
def test_of_whom_nothing_is_stored_nothing_is_asked(harness: Harness, name: str) -> None:
    harness.refused(by(harness, name, f"p-{uuid.uuid4()}"), "NotAllowed", reason="nobody")


def test_an_export_is_taken_while_an_erasure_waits_and_none_once_it_may_begin(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, other = somebody(harness), somebody(harness)
    harness.invoke(by(harness, ERASE_ME, user))
    assert harness.invoke(by(harness, EXPORT_MINE, user))["kind"] == "EXPORT"
    monkeypatch.setenv("ERASURE_WAIT_DAYS", "0")
    settings.cache_clear()
    erasure = harness.invoke(by(harness, ERASE_ME, other))
    monkeypatch.undo()
    settings.cache_clear()
    assert erasure["dueAt"] == erasure["requestedAt"]
    harness.refused(by(harness, EXPORT_MINE, other), "NotAllowed", reason="erasing")
    again = by(harness, ERASE_ME, other)
    assert harness.run(again, writes=[]) == erasure


def test_somebody_asks_five_times_at_once(harness: Harness) -> None:
    user = somebody(harness)
    for _ in range(5):
        made = harness.invoke(by(harness, EXPORT_MINE, user))
        harness.invoke(by(harness, WITHDRAW, user, id=made["id"]))
    outcome: Any = harness.run(by(harness, EXPORT_MINE, user), writes=[])
    assert isinstance(outcome, Refusal)
    assert (outcome.error_type, outcome.values["scope"]) == ("RateLimited", "person")


def test_the_event_asks_for_its_sender(harness: Harness) -> None:
    user = somebody(harness)
    assert harness.invoke(harness.event(EXPORT_MINE, user))["kind"] == "EXPORT"
