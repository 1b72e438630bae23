"""Mutation.blockUser: whom somebody has blocked neither adds them to a room nor makes one with them."""

import uuid

import pytest

from chat.rules.instants import to_wire
from chat.storage import keys
from tests.resolvers.harness import Event, Harness, Refusal
from tests.resolvers.memberships import as_admin

EVENT = "Mutation.blockUser"


def blocked(harness: Harness, user: str, whom: str = "mallory") -> Event:
    """An event by `user`, after which they have blocked `whom`."""
    event = harness.event(EVENT, user, userId=whom)
    harness.run(event, writes=["BLOCK", "QUOTA"])
    return event


def new(kind: str = "p") -> str:
    return f"{kind}-{uuid.uuid4()}"


def test_a_block_is_answered_and_stored_with_its_instant(harness: Harness) -> None:
    event, user = harness.event(EVENT), new()
    event["identity"]["resolverContext"]["userId"] = user
    answer = harness.run(event, writes=["BLOCK", "QUOTA"])
    stored = harness.item("x", "BLOCK#", user)
    assert stored == {
        "PK": f"USER#{user}", "SK": "BLOCK#mallory", "type": "Block", "blockedAt": stored["blockedAt"],
    }  # fmt: skip
    assert answer == {"userId": "mallory", "blockedAt": to_wire(stored["blockedAt"])}
    assert harness.run(event, writes=[]) == answer


def test_any_subject_is_blocked_as_it_is(harness: Harness) -> None:
    user, odd = new(), "Ann #7 %23 <ann@b\u00fccher.example>"
    blocked(harness, user, odd)
    (item,) = harness.invoke(harness.event("Query.blocks", user))["items"]
    assert item["userId"] == odd
    room = harness.room({odd: "owner"})
    harness.refused(
        harness.event("Mutation.addMember", odd, roomId=room, userId=user),
        "NotAllowed",
        reason="cannotBeAdded",
    )


@pytest.mark.parametrize("guild", [False, True], ids=["general", "guild"])
def test_who_is_blocked_adds_one_to_no_room_and_others_do(harness: Harness, guild: bool) -> None:
    victim = new()
    blocked(harness, victim)
    room = harness.room({"mallory": "owner", "alice": "moderator"}, guild=guild)
    attempt = harness.event("Mutation.addMember", "mallory", roomId=room, userId=victim, role=None)
    refusal = harness.refused(attempt, "NotAllowed", reason="cannotBeAdded")
    assert "block" not in refusal.message.lower()
    added = harness.event("Mutation.addMember", "alice", roomId=room, userId=victim, role=None)
    assert harness.invoke(added)["notice"]["kind"] == "MEMBER_ADDED"
    assert not isinstance(harness.invoke(harness.event("Mutation.leaveRoom", victim, roomId=room)), Refusal)
    harness.refused(attempt, "NotAllowed", reason="cannotBeAdded")
    assert harness.invoke(as_admin(attempt))["notice"]["kind"] == "MEMBER_ADDED"


def test_who_is_blocked_makes_no_room_with_one(harness: Harness) -> None:
    victim, mallory = new(), new("mallory")
    blocked(harness, victim, mallory)
    event = harness.event("Mutation.createRoom", mallory, roomId=new("r"), members=[new(), victim, new()])
    refusal = harness.run(event, writes=["QUOTA"])
    assert (refusal.error_type, refusal.values) == ("NotAllowed", {"reason": "cannotBeAdded"})
    assert harness.partition("gg_core", keys.user_partition(victim))[0]["SK"]["S"] == f"BLOCK#{mallory}"
    event["arguments"]["members"].remove(victim)
    assert harness.invoke(event)["memberCount"] == 3


def test_blocking_takes_nothing_else_from_anybody(harness: Harness) -> None:
    """Rooms that both are in stay, and whoever blocks may add whom they have blocked."""
    victim, mallory = new(), new("mallory")
    room = harness.room({mallory: "owner", victim: "moderator"}, settings={"visibility": "public"})
    blocked(harness, victim, mallory)
    harness.send(room, "hi", user=mallory)
    harness.invoke(harness.event("Mutation.leaveRoom", victim, roomId=room))
    assert (
        harness.invoke(harness.event("Mutation.joinRoom", victim, roomId=room))["notice"]["userId"] == victim
    )
    mine = harness.room({victim: "owner"})
    answer = harness.invoke(
        harness.event("Mutation.addMember", victim, roomId=mine, userId=mallory, role=None)
    )
    assert answer["notice"]["userId"] == mallory


def test_nobody_blocks_themself(harness: Harness) -> None:
    harness.refused(harness.event(EVENT, "alice", userId="alice"), "NotAllowed", reason="self")


def test_who_blocks_hundreds_has_to_wait(harness: Harness) -> None:
    user = new()
    harness.change(
        "x", keys.user_partition(user), keys.QUOTA, blockTat=(harness.deployment.now() + 1_000_000) * 1_000
    )
    refusal = harness.run(harness.event(EVENT, user), writes=[])
    assert (refusal.error_type, refusal.values["scope"]) == ("RateLimited", "person")
    assert 0 < int(refusal.values["retryAfterMs"]) <= 10_000


@pytest.mark.parametrize("user", ["", "a\x00b", None, 7])
def test_what_is_no_user_id_is_refused(harness: Harness, user: object) -> None:
    harness.refused(harness.event(EVENT, userId=user), "InvalidInput", argument="userId")
