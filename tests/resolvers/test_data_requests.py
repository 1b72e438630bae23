"""Query.dataRequests: what somebody has asked of their data, and for whom others ask."""

import uuid

import pytest

from chat_lambda.telemetry import actor
from tests.resolvers.asking import FOR_OTHERS, by, somebody
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
