"""Mutation.joinRoom: whoever knows a public room comes in by themself; nobody else but administrators does."""

from typing import TYPE_CHECKING

from chat.operations.join_room import JOINING
from tests.resolvers.conftest import Refusal
from tests.resolvers.people import CROWD, as_admin, head, lines, membership, notice

if TYPE_CHECKING:
    from tests.resolvers.conftest import Stage

EVENT = "Mutation.joinRoom"
WRITES = ["IN", "MEMBER"]
PUBLIC = {"visibility": "public"}


def test_a_visitor_joins_a_public_room_as_a_plain_member(stage: "Stage") -> None:
    room = stage.room(CROWD, settings=PUBLIC)
    stage.send(room, "before carol")
    answer = stage.act(stage.event(EVENT, roomId=room), writes=WRITES)
    told = {"kind": "MEMBER_JOINED", "userId": "carol", "role": "MEMBER", "rev": 2}
    assert answer == notice(answer, room, "carol", 1, **told)
    new = {"role": "member", "status": "active", "joinedSeq": 1}
    carol = membership(stage, room, "carol")
    assert carol.pop("joinTat") > stage.deployment.now() * 1_000
    assert carol == new
    assert lines(stage, room, "MEMBER")["carol"] == {"type": "Member", **new}
    assert head(stage, room) == (2, 1, 2)


def test_who_is_there_stays_as_they_are(stage: "Stage") -> None:
    for settings in (PUBLIC, {}):
        room = stage.room(CROWD, settings=settings)
        answer = stage.act(stage.event(EVENT, "mona", roomId=room), writes=[])
        told = {"kind": "MEMBER_JOINED", "userId": "mona", "role": "MODERATOR", "rev": 1}
        assert answer == notice(answer, room, "mona", 1, **told)


def test_who_left_may_come_again_as_a_plain_member(stage: "Stage") -> None:
    room = stage.room(CROWD, settings=PUBLIC)
    stage.invoke(stage.event("Mutation.leaveRoom", "mona", roomId=room))
    stage.act(stage.event(EVENT, "mona", roomId=room), writes=WRITES)
    mona = membership(stage, room, "mona")
    assert mona.pop("joinTat") > 0
    assert mona == {"role": "member", "status": "active", "joinedSeq": 0}


def test_who_comes_and_goes_too_often_has_to_wait(stage: "Stage") -> None:
    """Each going makes all others subscribe again, and anybody may come to a public room."""
    room = stage.room(CROWD, settings=PUBLIC)
    join, leave = (
        stage.event(EVENT, "bob", roomId=room),
        stage.event("Mutation.leaveRoom", "bob", roomId=room),
    )
    stage.invoke(leave)
    for _ in range(JOINING.burst):
        stage.act(join, writes=WRITES)
        stage.invoke(leave)
    refusal = stage.call("Mutation.joinRoom", join)
    assert isinstance(refusal, Refusal)
    assert (refusal.error_type, refusal.values["scope"]) == ("RateLimited", "person")
    assert 0 < int(refusal.values["retryAfterMs"]) <= 60_000
    stage.act(stage.event("Mutation.addMember", roomId=room, userId="bob", role=None), writes=WRITES)
    assert membership(stage, room, "bob")["status"] == "active"


def test_nobody_joins_a_private_room_or_one_that_they_are_banned_from(stage: "Stage") -> None:
    room = stage.room(CROWD)
    stage.refused(stage.event(EVENT, roomId=room), "NotRoomMember")
    stage.refused(stage.event(EVENT, roomId="no-such-room"), "NotRoomMember")
    public = stage.room(CROWD, settings=PUBLIC)
    stage.invoke(stage.event("Mutation.banMember", roomId=public, userId="carol"))
    stage.refused(stage.event(EVENT, roomId=public), "NotRoomMember")
    stage.refused(as_admin(stage.event(EVENT, roomId=public)), "NotAllowed", reason="banned")


def test_an_administrator_joins_any_room_as_a_plain_member(stage: "Stage") -> None:
    room = stage.room(CROWD)
    stage.act(as_admin(stage.event(EVENT, "root", roomId=room)), writes=WRITES)
    assert membership(stage, room, "root")["role"] == "member"


def test_what_is_no_room_id_is_refused(stage: "Stage") -> None:
    stage.refused(stage.event(EVENT, roomId="GUILD#"), "InvalidInput", argument="roomId")
