"""Mutation.banMember: somebody is out and kept out, whether or not they were there."""

import pytest

from tests.resolvers.harness import Harness
from tests.resolvers.memberships import EVERY_ROLE, as_admin, head, lines, membership, notice

EVENT = "Mutation.banMember"
WRITES = ["BANNED", "EVT", "HEAD", "IN", "MEMBER"]
UNSEEN_WRITES = ["BANNED", "EVT", "HEAD", "IN"]
"""For somebody who is not there."""


def test_somebody_is_removed_and_banned_and_the_epoch_moves_with_it(harness: Harness) -> None:
    event = harness.prepared(EVENT)
    room = event["arguments"]["roomId"]
    answer = harness.run(event, writes=WRITES)
    expected = {"kind": "MEMBER_BANNED", "userId": "bob", "nextEpoch": 2, "rev": 2}
    assert answer == notice(answer, room, "alice", 1, **expected)
    assert head(harness, room) == (2, 2, 1)
    assert membership(harness, room, "bob") == {
        "role": "member",
        "status": "banned",
        "joinedSeq": 0,
        "endedEpoch": 1,
    }
    assert "expiresAt" not in harness.item(room, f"IN#ROOM#{room}", "bob")
    assert set(lines(harness, room, "MEMBER")) == {"alice"}
    banned_at = lines(harness, room, "BANNED")["bob"].pop("bannedAt")
    assert banned_at == pytest.approx(harness.deployment.now(), abs=60_000)
    for name in ("Query.messages", "Mutation.sendMessage", "Subscription.onMessage"):
        harness.refused(harness.event(name, "bob", roomId=room), "NotRoomMember")


def test_a_repeat_publishes_the_end_of_the_same_epoch_again_and_changes_nothing(harness: Harness) -> None:
    event = harness.prepared(EVENT)
    room = event["arguments"]["roomId"]
    harness.run(event, writes=WRITES)
    harness.head(room, epoch=7, rev=30)
    again = harness.run(event, writes=[])
    expected = {"kind": "MEMBER_BANNED", "userId": "bob", "nextEpoch": 2, "rev": None}
    assert again == notice(again, room, "alice", 1, **expected)


def test_somebody_who_never_was_there_is_banned_and_no_epoch_ends(harness: Harness) -> None:
    room = harness.room(EVERY_ROLE)
    event = harness.event(EVENT, roomId=room, userId="mallory")
    answer = harness.run(event, writes=UNSEEN_WRITES)
    expected = {"kind": "MEMBER_BANNED", "userId": "mallory", "rev": 2}
    assert answer == notice(answer, room, "alice", 1, **expected)
    again = harness.run(event, writes=[])
    assert again == notice(again, room, "alice", 1, **expected)
    assert head(harness, room) == (2, 1, 2)
    assert membership(harness, room, "mallory") == {"role": "member", "status": "banned", "joinedSeq": 0}


def test_somebody_who_left_is_banned_and_no_further_epoch_ends(harness: Harness) -> None:
    room = harness.room(EVERY_ROLE)
    harness.run(
        harness.event("Mutation.leaveRoom", "max", roomId=room), writes=["EVT", "HEAD", "IN", "MEMBER"]
    )
    answer = harness.run(harness.event(EVENT, "mona", roomId=room, userId="max"), writes=UNSEEN_WRITES)
    expected = {"kind": "MEMBER_BANNED", "userId": "max", "rev": 3}
    assert answer == notice(answer, room, "mona", 2, **expected)
    banned = {"role": "member", "status": "banned", "joinedSeq": 0, "leftBySelf": 1, "ranked": 1}
    assert membership(harness, room, "max") == banned
    assert "expiresAt" not in harness.item(room, f"IN#ROOM#{room}", "max")


@pytest.mark.parametrize(
    ("actor", "person", "reason"),
    [
        ("mona", "max", "rank"),
        ("mona", "alice", "rank"),
        ("bob", "mallory", "role"),
        ("alice", "alice", "self"),
    ],
)
def test_rank_decides_whom_somebody_may_ban(harness: Harness, actor: str, person: str, reason: str) -> None:
    event = harness.event(EVENT, actor, roomId=harness.room(EVERY_ROLE), userId=person)
    harness.refused(event, "NotAllowed", reason=reason)


def test_the_last_owner_cannot_be_banned(harness: Harness) -> None:
    room = harness.room(EVERY_ROLE)
    harness.run(harness.event(EVENT, roomId=room, userId="anna"), writes=WRITES)
    assert head(harness, room) == (2, 2, 1)
    last = as_admin(harness.event(EVENT, "root", roomId=room, userId="alice"))
    harness.refused(last, "NotAllowed", reason="lastOwner")


def test_malformed_arguments_and_strangers_are_refused(harness: Harness) -> None:
    room = harness.room()
    harness.refused(harness.event(EVENT, roomId=room, userId="\x7f"), "InvalidInput", argument="userId")
    harness.refused(harness.event(EVENT, roomId="a b"), "InvalidInput", argument="roomId")
    harness.refused(harness.event(EVENT, "mallory", roomId=room), "NotRoomMember")
