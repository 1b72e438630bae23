"""Query.dataRequests: what somebody has asked of their data, and for whom others ask."""

import json
import time
import uuid

import pytest

from chat.storage.export_objects import archive_key
from chat.storage.places import request_place
from chat_lambda import compose
from chat_lambda.telemetry import actor
from tests.resolvers.asking import FOR_OTHERS, by, somebody
from tests.resolvers.files import get
from tests.resolvers.harness import Harness

EXPORT_MINE = "Mutation.exportMyData"
LIST = "Query.dataRequests"
WITHDRAW = "Mutation.withdrawDataRequest"


@pytest.mark.parametrize("role", ["privacy", "admin"])
@pytest.mark.parametrize("name", FOR_OTHERS)
def test_a_role_asks_lists_and_withdraws_for_others(harness: Harness, name: str, role: str) -> None:
    user, officer = somebody(harness), f"o-{uuid.uuid4()}"
    made = harness.invoke(by(harness, name, officer, role=role, userId=user))
    assert (made["state"], made["requestedBy"]) == ("WAITING", actor(officer))
    assert harness.invoke(by(harness, LIST, officer, role=role, userId=user)) == [made]
    assert harness.invoke(by(harness, LIST, officer, role=role)) == []
    withdrawn = harness.invoke(by(harness, WITHDRAW, officer, role=role, userId=user, id=made["id"]))
    assert withdrawn["state"] == "WITHDRAWN"


@pytest.mark.parametrize("role", ["", "gateway", "privacyx"])
def test_without_the_role_nobody_reaches_others(harness: Harness, role: str) -> None:
    user = somebody(harness)
    request = harness.invoke(by(harness, EXPORT_MINE, user))["id"]
    for name, given in (
        (LIST, {}), (WITHDRAW, {"id": request}), *((each, {}) for each in FOR_OTHERS),
    ):  # fmt: skip
        event = by(harness, name, "mallory", role=role, userId=user, **given)
        harness.refused(event, "NotAllowed", reason="role")
    unknown = by(harness, WITHDRAW, "mallory", id=request)
    harness.refused(unknown, "InvalidInput", argument="id")


def test_anothers_requests_are_for_the_role(harness: Harness) -> None:
    harness.refused(harness.event("Query.dataRequests.others", "mallory"), "NotAllowed", reason="role")


@pytest.mark.parametrize("user", ["", "\n", "x" * 600, 7])
def test_a_person_who_is_none_is_named(harness: Harness, user: object) -> None:
    event = by(harness, LIST, "olga", role="privacy", userId=user)
    harness.refused(event, "InvalidInput", argument="userId")


def test_an_export_that_is_done_has_an_address_for_an_hour(harness: Harness, objects: object) -> None:
    user = somebody(harness)
    made = harness.invoke(by(harness, EXPORT_MINE, user))
    assert made["address"] is None
    place = request_place(user, made["id"])
    done = {"state": "DONE", "receipt": json.dumps({"endsAt": (int(time.time()) + 60) * 1_000, "bytes": 3})}
    harness.change("-", place.partition_key, place.sort_key, **done)
    compose.uploads().objects.put(archive_key(made["id"]), b"zip")  # type: ignore[union-attr]
    (found,) = harness.invoke(by(harness, LIST, user))
    answer = get(found["address"])
    assert (answer.status, answer.body) == (200, b"zip")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="chat-export.zip"'
    assert "X-Amz-Expires=3600" in found["address"]
    ended = json.dumps({"endsAt": int(time.time()) * 1_000 - 1})
    harness.change("-", place.partition_key, place.sort_key, receipt=ended)
    assert harness.invoke(by(harness, LIST, user))[0]["address"] is None
