"""Mutation.leaveRoom: the caller is out, the epoch has moved, and those who stay are told so in the old one."""

from typing import TYPE_CHECKING

from tests.resolvers.people import CROWD, as_admin, forget_owners, head, lines, membership, notice

if TYPE_CHECKING:
    from tests.resolvers.conftest import Stage

EVENT = "Mutation.leaveRoom"
WRITES = ["HEAD", "IN", "MEMBER"]


def test_somebody_leaves_and_the_epoch_moves_with_it(stage: "Stage") -> None:
    event = stage.staged(EVENT)
    room = event["arguments"]["roomId"]
    answer = stage.act(event, writes=WRITES)
    told = {"kind": "MEMBER_LEFT", "userId": "bob", "nextEpoch": 2, "rev": 2}
    assert answer == notice(answer, room, "bob", 1, **told)
    assert head(stage, room) == (2, 2, 1)
    assert membership(stage, room, "bob")["status"] == "left"
    assert set(lines(stage, room, "MEMBER")) == {"alice"}
    for name in ("Query.messages", "Mutation.sendMessage", "Subscription.onMessage"):
        stage.refused(stage.event(name, "bob", roomId=room), "NotRoomMember")


def test_a_repeat_tells_the_end_of_the_same_epoch_again_and_changes_nothing(stage: "Stage") -> None:
    event = stage.staged(EVENT)
    room = event["arguments"]["roomId"]
    stage.act(event, writes=WRITES)
    stage.head(room, epoch=7, rev=30)
    again = stage.act(event, writes=[])
    told = {"kind": "MEMBER_LEFT", "userId": "bob", "nextEpoch": 2, "rev": None}
    assert again == notice(again, room, "bob", 1, **told)


def test_the_last_owner_stays_and_another_may_go(stage: "Stage") -> None:
    room = stage.room(CROWD)
    stage.act(stage.event(EVENT, "anna", roomId=room), writes=WRITES)
    assert head(stage, room) == (2, 2, 1)
    stage.refused(stage.event(EVENT, "alice", roomId=room), "NotAllowed", reason="lastOwner")


def test_owners_that_were_never_counted_are_counted_first(stage: "Stage") -> None:
    room = stage.room(CROWD)
    forget_owners(stage, room)
    stage.act(stage.event(EVENT, "bob", roomId=room), writes=WRITES)
    assert head(stage, room) == (2, 2, 2)
    forget_owners(stage, room)
    stage.act(stage.event(EVENT, "anna", roomId=room), writes=WRITES)
    forget_owners(stage, room)
    stage.refused(stage.event(EVENT, "alice", roomId=room), "NotAllowed", reason="lastOwner")


def test_a_mute_and_what_was_sent_outlast_the_leaving(stage: "Stage") -> None:
    room = stage.room(CROWD)
    stage.send(room, "one", user="bob")
    stage.member(room, "bob", mutedUntil=4_000_000_000_000)
    stage.act(stage.event(EVENT, "bob", roomId=room), writes=WRITES)
    left = membership(stage, room, "bob")
    assert (left["mutedUntil"], left["lastSentSeq"]) == (4_000_000_000_000, 1)
    assert left["tat"] > 0


def test_who_is_not_there_cannot_leave(stage: "Stage") -> None:
    room = stage.room()
    stage.refused(stage.event(EVENT, "mallory", roomId=room), "NotRoomMember")
    stage.refused(as_admin(stage.event(EVENT, "root", roomId=room)), "NotRoomMember")
    stage.member(room, "bob", status="banned", endedEpoch=1)
    stage.refused(stage.event(EVENT, "bob", roomId=room), "NotRoomMember")
    stage.refused(stage.event(EVENT, "bob", roomId="no-such-room"), "NotRoomMember")


def test_what_is_no_room_id_is_refused(stage: "Stage") -> None:
    stage.refused(stage.event(EVENT, roomId="a b"), "InvalidInput", argument="roomId")
