"""Query.blocks: whom the caller has blocked, page by page, and nobody else's."""

import uuid

import pytest

from tests.resolvers.harness import Harness

EVENT = "Query.blocks"


def test_whom_one_has_blocked_is_listed_in_the_order_of_their_ids(harness: Harness) -> None:
    user = f"p-{uuid.uuid4()}"
    assert harness.invoke(harness.event(EVENT, user)) == {"items": [], "nextToken": None}
    blocks = [
        harness.invoke(harness.event("Mutation.blockUser", user, userId=each))
        for each in ("c#c", "a", "b%23")
    ]
    wanted = [blocks[1], blocks[2], blocks[0]]
    assert harness.run(harness.event(EVENT, user), writes=[]) == {"items": wanted, "nextToken": None}
    found, token = [], None
    for _ in wanted:
        page = harness.invoke(harness.event(EVENT, user, limit=1, nextToken=token))
        found += page["items"]
        token = page["nextToken"]
    assert found == wanted
    assert (
        harness.invoke(harness.event(EVENT, user, limit=1, nextToken=token))["items"] == [] or token is None
    )
    assert harness.invoke(harness.event(EVENT, "mallory"))["items"] == []


def test_a_token_is_its_owners(harness: Harness) -> None:
    user = f"p-{uuid.uuid4()}"
    for each in ("a", "b"):
        harness.invoke(harness.event("Mutation.blockUser", user, userId=each))
    token = harness.invoke(harness.event(EVENT, user, limit=1))["nextToken"]
    harness.refused(harness.event(EVENT, "mallory", nextToken=token), "InvalidInput", argument="nextToken")


@pytest.mark.parametrize("limit", [0, 101, "7", True])
def test_a_limit_that_is_none_is_refused(harness: Harness, limit: object) -> None:
    harness.refused(harness.event(EVENT, limit=limit), "InvalidInput", argument="limit", max=100)
