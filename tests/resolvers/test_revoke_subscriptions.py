"""Mutation.revokeSubscriptions: whatever runs under the epoch before hears nothing any more."""

import uuid
from typing import Any

import pytest

from chat.steps.own_item import REVOKING
from tests.resolvers.harness import Harness, Refusal
from tests.resolvers.memberships import as_admin

EVENT = "Mutation.revokeSubscriptions"


def new() -> str:
    return f"p-{uuid.uuid4()}"


def stored(harness: Harness, user: str) -> dict[str, Any]:
    return harness.item("x", "MINE", user)


def test_the_epoch_moves_and_is_stored_with_its_generation(harness: Harness) -> None:
    user = new()
    assert harness.run(harness.event(EVENT, user), writes=["MINE"]) == {"userId": user, "epoch": 2}
    item = stored(harness, user)
    assert item == {
        "PK": f"USER#{user}", "SK": "MINE", "type": "Mine", "epoch": 2, "generation": 1, "tat": item["tat"],
    }  # fmt: skip
    assert harness.run(harness.event(EVENT, user, userId=user), writes=["MINE"])["epoch"] == 3
    assert harness.invoke(harness.event("Query.me", user))["epoch"] == 3


def test_nobody_does_it_to_another_but_administrators(harness: Harness) -> None:
    user = new()
    harness.refused(harness.event(f"{EVENT}.other"), "NotAllowed", reason="other")
    for roles in ("", "gateway", "privacy"):
        event = harness.event(EVENT, "mallory", userId=user)
        event["identity"]["resolverContext"]["roles"] = roles
        harness.refused(event, "NotAllowed", reason="other")
    event = as_admin(harness.event(EVENT, "root", userId=user))
    assert harness.run(event, writes=["MINE"]) == {"userId": user, "epoch": 2}


def test_a_malformed_user_is_named(harness: Harness) -> None:
    harness.refused(harness.event(f"{EVENT}.malformed-user"), "InvalidInput", argument="userId")
    for user_id in (7, "", "x" * 129, ["alice"]):
        harness.refused(as_admin(harness.event(EVENT, userId=user_id)), "InvalidInput", argument="userId")


def test_it_may_be_done_ten_times_in_an_hour_whoever_does_it(harness: Harness) -> None:
    """So an epoch never gets to where the next generation's begin."""
    user = new()
    for _ in range(REVOKING.burst):
        assert not isinstance(harness.invoke(harness.event(EVENT, user)), Refusal)
    refusal = harness.invoke(harness.event(EVENT, user))
    assert isinstance(refusal, Refusal)
    assert (refusal.error_type, refusal.values["scope"]) == ("RateLimited", "person")
    assert 0 < int(refusal.values["retryAfterMs"]) <= 360_000
    by_admin = harness.invoke(as_admin(harness.event(EVENT, "root", userId=user)))
    assert by_admin.error_type == "RateLimited"
    assert stored(harness, user)["epoch"] == 11


@pytest.mark.parametrize("user", ["Ann #7 %23 <ann@b\u00fccher.example>", "\U0001f600"])
def test_any_subject_has_an_epoch_of_their_own(harness: Harness, user: str) -> None:
    own = f"{user} {uuid.uuid4()}"
    assert harness.invoke(harness.event(EVENT, own)) == {"userId": own, "epoch": 2}
    assert harness.invoke(harness.event("Query.me", user)) == {"userId": user, "epoch": 1, "person": None}
