"""Mutation.unblockUser: whoever was blocked may add one again."""

import uuid

import pytest

from tests.resolvers.harness import Harness

EVENT = "Mutation.unblockUser"


def test_whoever_was_blocked_may_add_one_again(harness: Harness) -> None:
    victim = f"p-{uuid.uuid4()}"
    harness.invoke(harness.event("Mutation.blockUser", victim))
    adding = harness.event(
        "Mutation.addMember", "mallory", roomId=harness.room({"mallory": "owner"}), userId=victim, role=None
    )
    harness.refused(adding, "NotAllowed", reason="cannotBeAdded")
    event = harness.event(EVENT, victim)
    assert harness.run(event, writes=["BLOCK"]) == {"userId": "mallory", "blockedAt": None}
    assert harness.run(event, writes=[]) == {"userId": "mallory", "blockedAt": None}
    assert harness.invoke(adding)["notice"]["userId"] == victim


def test_only_ones_own_block_ends(harness: Harness) -> None:
    victim = f"p-{uuid.uuid4()}"
    harness.invoke(harness.event("Mutation.blockUser", victim))
    harness.run(harness.event(EVENT, "mallory", userId=victim), writes=[])
    assert harness.invoke(harness.event("Query.blocks", victim))["items"]


@pytest.mark.parametrize("user", ["", "a\x00b", None])
def test_what_is_no_user_id_is_refused(harness: Harness, user: object) -> None:
    harness.refused(harness.event(EVENT, userId=user), "InvalidInput", argument="userId")
