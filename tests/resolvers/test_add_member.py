"""Mutation.addMember: somebody is in the room, as at most what the caller is, unless they are banned."""

import uuid
from typing import TYPE_CHECKING

import pytest

from chat.steps.roster import MAX_ROOMS
from tests.resolvers.people import CROWD, as_admin, head, lines, membership, notice

if TYPE_CHECKING:
    from tests.resolvers.conftest import Stage

EVENT = "Mutation.addMember"
WRITES = ["IN", "MEMBER"]


def test_somebody_is_taken_in_and_no_epoch_ends(stage: "Stage") -> None:
    event = stage.staged(EVENT)
    room = event["arguments"]["roomId"]
    stage.send(room, "one", "two")
    answer = stage.act(event, writes=WRITES)
    told = {"kind": "MEMBER_ADDED", "userId": "dave", "role": "MODERATOR", "rev": 3}
    assert answer == notice(answer, room, "alice", 1, **told)
    assert head(stage, room) == (3, 1, 1)
    new = {"role": "moderator", "status": "active", "joinedSeq": 2}
    assert membership(stage, room, "dave") == new
    assert lines(stage, room, "MEMBER")["dave"] == {"type": "Member", **new}
    assert [each["seq"] for each in stage.invoke(stage.event("Query.messages", "dave", roomId=room))["items"]]


def test_who_is_there_stays_as_they_are(stage: "Stage") -> None:
    room = stage.room(CROWD)
    answer = stage.act(stage.event(EVENT, roomId=room, userId="mona", role="MEMBER"), writes=[])
    told = {"kind": "MEMBER_ADDED", "userId": "mona", "role": "MODERATOR", "rev": 1}
    assert answer == notice(answer, room, "alice", 1, **told)


@pytest.mark.parametrize("role", [None, "MEMBER"])
def test_without_a_role_somebody_is_a_plain_member(stage: "Stage", role: str | None) -> None:
    room = stage.room(CROWD)
    stage.act(stage.event(EVENT, "mona", roomId=room, userId="dave", role=role), writes=WRITES)
    assert membership(stage, room, "dave")["role"] == "member"


def test_a_further_owner_is_counted_in_the_head(stage: "Stage") -> None:
    room = stage.room(CROWD)
    event = stage.event(EVENT, roomId=room, userId="dave", role="OWNER")
    answer = stage.act(event, writes=["HEAD", *WRITES])
    assert answer["notice"]["rev"] == 2
    assert head(stage, room) == (2, 1, 3)


def test_who_comes_again_is_as_new_but_for_mute_rate_and_what_they_sent(stage: "Stage") -> None:
    room = stage.room(CROWD)
    stage.send(room, "one", user="mona")
    stage.member(room, "mona", mutedUntil=4_000_000_000_000)
    stage.invoke(stage.event("Mutation.leaveRoom", "mona", roomId=room))
    stage.send(room, "two")
    stage.act(stage.event(EVENT, roomId=room, userId="mona", role="MEMBER"), writes=WRITES)
    mona = membership(stage, room, "mona")
    assert mona.pop("tat") > 0
    assert mona == {
        "role": "member",
        "status": "active",
        "joinedSeq": 2,
        "lastSentSeq": 1,
        "mutedUntil": 4_000_000_000_000,
    }
    assert "expiresAt" not in stage.item(room, f"IN#ROOM#{room}", "mona")
    assert lines(stage, room, "MEMBER")["mona"]["mutedUntil"] == 4_000_000_000_000


def test_who_is_banned_has_to_be_let_back_first(stage: "Stage") -> None:
    room = stage.room(CROWD)
    stage.invoke(stage.event("Mutation.banMember", roomId=room, userId="bob"))
    stage.refused(stage.event(EVENT, roomId=room, userId="bob"), "NotAllowed", reason="banned")
    stage.invoke(stage.event("Mutation.unbanMember", roomId=room, userId="bob"))
    stage.act(stage.event(EVENT, roomId=room, userId="bob", role=None), writes=WRITES)
    assert membership(stage, room, "bob") == {"role": "member", "status": "active", "joinedSeq": 0}


def test_nobody_gives_more_than_they_are(stage: "Stage") -> None:
    room = stage.room(CROWD)
    event = stage.event(EVENT, "mona", roomId=room, role="OWNER")
    stage.refused(event, "NotAllowed", reason="rank")
    stage.refused(stage.event(EVENT, "bob", roomId=room), "NotAllowed", reason="role")
    stage.refused(stage.event(EVENT, "mallory", roomId=room), "NotRoomMember")


def test_an_administrator_takes_in_anybody_even_themself(stage: "Stage") -> None:
    room = stage.room(CROWD)
    event = as_admin(stage.event(EVENT, "root", roomId=room, userId="root", role="OWNER"))
    stage.act(event, writes=["HEAD", *WRITES])
    assert membership(stage, room, "root")["role"] == "owner"


def test_nobody_is_in_more_rooms_than_a_thousand(stage: "Stage") -> None:
    person = f"busy-{uuid.uuid4()}"
    for start in range(0, MAX_ROOMS, 25):
        puts = [
            {"PutRequest": {"Item": {"PK": {"S": f"USER#{person}"}, "SK": {"S": f"IN#ROOM#r{start + each}"}}}}
            for each in range(25)
        ]
        stage.client.batch_write_item(RequestItems={"gg_core": puts})
    event = stage.event(EVENT, roomId=stage.room(), userId=person)
    stage.refused(event, "NotAllowed", reason="tooManyRooms", max=MAX_ROOMS)
    stage.act(stage.event(EVENT, roomId=stage.room(guild=True), userId=person), writes=WRITES)


@pytest.mark.parametrize(
    ("argument", "value"),
    [("role", "member"), ("role", "KING"), ("role", 1), ("userId", "a b"), ("roomId", "a b")],
)
def test_malformed_arguments_are_refused(stage: "Stage", argument: str, value: object) -> None:
    event = stage.event(EVENT, roomId=stage.room())
    event["arguments"][argument] = value
    stage.refused(event, "InvalidInput", argument=argument)
