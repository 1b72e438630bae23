"""Mutation.unbanMember: somebody may be added or join again, and is not there by that alone."""

from typing import TYPE_CHECKING

from tests.resolvers.people import CROWD, as_admin, head, lines, membership, notice

if TYPE_CHECKING:
    from tests.resolvers.conftest import Stage

EVENT = "Mutation.unbanMember"
WRITES = ["BANNED", "IN"]


def banned_room(stage: "Stage", person: str = "bob") -> str:
    room = stage.room(CROWD)
    assert stage.invoke(stage.event("Mutation.banMember", roomId=room, userId=person))["notice"]
    return room


def test_a_ban_ends_as_if_the_person_had_left(stage: "Stage") -> None:
    room = banned_room(stage)
    event = stage.event(EVENT, roomId=room)
    answer = stage.act(event, writes=WRITES)
    told = {"kind": "MEMBER_UNBANNED", "userId": "bob", "rev": 2}
    assert answer == notice(answer, room, "alice", 2, **told)
    left = {"role": "member", "status": "left", "joinedSeq": 0, "endedEpoch": 1}
    assert membership(stage, room, "bob") == left
    assert "expiresAt" in stage.item(room, f"IN#ROOM#{room}", "bob")
    assert lines(stage, room, "BANNED") == {}
    assert head(stage, room) == (2, 2, 2)
    stage.refused(stage.event("Query.messages", "bob", roomId=room), "NotRoomMember")


def test_a_repeat_answers_alike_and_changes_nothing(stage: "Stage") -> None:
    room = banned_room(stage)
    event = stage.event(EVENT, roomId=room)
    stage.act(event, writes=WRITES)
    again = stage.act(event, writes=[])
    assert again == notice(again, room, "alice", 2, kind="MEMBER_UNBANNED", userId="bob", rev=2)


def test_who_is_there_stays_there(stage: "Stage") -> None:
    room = stage.room(CROWD)
    assert stage.act(stage.event(EVENT, roomId=room), writes=[])["notice"]["kind"] == "MEMBER_UNBANNED"


def test_a_moderator_does_not_undo_what_an_owner_did_to_another(stage: "Stage") -> None:
    room = banned_room(stage, "max")
    stage.refused(stage.event(EVENT, "mona", roomId=room, userId="max"), "NotAllowed", reason="rank")
    stage.act(stage.event(EVENT, "anna", roomId=room, userId="max"), writes=WRITES)
    assert membership(stage, room, "max")["role"] == "member"


def test_a_moderator_ends_the_ban_of_a_plain_member_and_an_administrator_any(stage: "Stage") -> None:
    stage.act(stage.event(EVENT, "mona", roomId=banned_room(stage)), writes=WRITES)
    room = banned_room(stage, "max")
    stage.act(as_admin(stage.event(EVENT, "root", roomId=room, userId="max")), writes=WRITES)


def test_others_and_others_bans_are_refused(stage: "Stage") -> None:
    room = banned_room(stage)
    stage.refused(stage.event(EVENT, roomId=room, userId="mallory"), "NotAllowed", reason="notThere")
    stage.refused(stage.event(EVENT, "bob", roomId=room), "NotRoomMember")
    stage.refused(stage.event(EVENT, "mallory", roomId=room), "NotRoomMember")
    plain = stage.event(EVENT, "bob", roomId=stage.room(CROWD), userId="max")
    stage.refused(plain, "NotAllowed", reason="role")
    stage.refused(stage.event(EVENT, roomId=room, userId=""), "InvalidInput", argument="userId")
