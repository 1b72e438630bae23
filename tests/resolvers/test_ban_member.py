"""Mutation.banMember: somebody is out and kept out, whether or not they were there."""

from typing import TYPE_CHECKING

import pytest

from tests.resolvers.people import CROWD, as_admin, head, lines, membership, notice

if TYPE_CHECKING:
    from tests.resolvers.conftest import Stage

EVENT = "Mutation.banMember"
WRITES = ["BANNED", "HEAD", "IN", "MEMBER"]
UNSEEN_WRITES = ["BANNED", "IN"]
"""For somebody who is not there: nobody loses access, so the head stays."""


def test_somebody_is_taken_out_and_kept_out_and_the_epoch_moves_with_it(stage: "Stage") -> None:
    event = stage.staged(EVENT)
    room = event["arguments"]["roomId"]
    answer = stage.act(event, writes=WRITES)
    told = {"kind": "MEMBER_BANNED", "userId": "bob", "nextEpoch": 2, "rev": 2}
    assert answer == notice(answer, room, "alice", 1, **told)
    assert head(stage, room) == (2, 2, 1)
    assert membership(stage, room, "bob") == {
        "role": "member",
        "status": "banned",
        "joinedSeq": 0,
        "endedEpoch": 1,
    }
    assert "expiresAt" not in stage.item(room, f"IN#ROOM#{room}", "bob")
    assert set(lines(stage, room, "MEMBER")) == {"alice"}
    banned_at = lines(stage, room, "BANNED")["bob"].pop("bannedAt")
    assert banned_at == pytest.approx(stage.deployment.now(), abs=60_000)
    for name in ("Query.messages", "Mutation.sendMessage", "Subscription.onMessage"):
        stage.refused(stage.event(name, "bob", roomId=room), "NotRoomMember")


def test_a_repeat_tells_the_end_of_the_same_epoch_again_and_changes_nothing(stage: "Stage") -> None:
    event = stage.staged(EVENT)
    room = event["arguments"]["roomId"]
    stage.act(event, writes=WRITES)
    stage.head(room, epoch=7, rev=30)
    again = stage.act(event, writes=[])
    told = {"kind": "MEMBER_BANNED", "userId": "bob", "nextEpoch": 2, "rev": None}
    assert again == notice(again, room, "alice", 1, **told)


def test_somebody_who_never_was_there_is_kept_out_and_no_epoch_ends(stage: "Stage") -> None:
    room = stage.room(CROWD)
    event = stage.event(EVENT, roomId=room, userId="mallory")
    answer = stage.act(event, writes=UNSEEN_WRITES)
    told = {"kind": "MEMBER_BANNED", "userId": "mallory", "rev": 1}
    assert answer == notice(answer, room, "alice", 1, **told)
    again = stage.act(event, writes=[])
    assert again == notice(again, room, "alice", 1, **told)
    assert head(stage, room) == (1, 1, 2)
    assert membership(stage, room, "mallory") == {"role": "member", "status": "banned", "joinedSeq": 0}


def test_somebody_who_left_is_kept_out_and_no_further_epoch_ends(stage: "Stage") -> None:
    room = stage.room(CROWD)
    stage.act(stage.event("Mutation.leaveRoom", "max", roomId=room), writes=["HEAD", "IN", "MEMBER"])
    answer = stage.act(stage.event(EVENT, "mona", roomId=room, userId="max"), writes=UNSEEN_WRITES)
    told = {"kind": "MEMBER_BANNED", "userId": "max", "rev": 2}
    assert answer == notice(answer, room, "mona", 2, **told)
    assert membership(stage, room, "max") == {"role": "member", "status": "banned", "joinedSeq": 0}
    assert "expiresAt" not in stage.item(room, f"IN#ROOM#{room}", "max")


@pytest.mark.parametrize(
    ("actor", "person", "reason"),
    [
        ("mona", "max", "rank"),
        ("mona", "alice", "rank"),
        ("bob", "mallory", "role"),
        ("alice", "alice", "self"),
    ],
)
def test_rank_decides_whom_somebody_may_ban(stage: "Stage", actor: str, person: str, reason: str) -> None:
    event = stage.event(EVENT, actor, roomId=stage.room(CROWD), userId=person)
    stage.refused(event, "NotAllowed", reason=reason)


def test_the_last_owner_cannot_be_banned(stage: "Stage") -> None:
    room = stage.room(CROWD)
    stage.act(stage.event(EVENT, roomId=room, userId="anna"), writes=WRITES)
    assert head(stage, room) == (2, 2, 1)
    last = as_admin(stage.event(EVENT, "root", roomId=room, userId="alice"))
    stage.refused(last, "NotAllowed", reason="lastOwner")


def test_malformed_arguments_and_strangers_are_refused(stage: "Stage") -> None:
    room = stage.room()
    stage.refused(stage.event(EVENT, roomId=room, userId="#"), "InvalidInput", argument="userId")
    stage.refused(stage.event(EVENT, roomId="a b"), "InvalidInput", argument="roomId")
    stage.refused(stage.event(EVENT, "mallory", roomId=room), "NotRoomMember")
