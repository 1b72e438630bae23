"""Mutation.unbanMember: somebody may be added or join again, and is not there by that alone."""

from tests.resolvers.harness import Harness
from tests.resolvers.memberships import EVERY_ROLE, as_admin, head, lines, membership, notice

EVENT = "Mutation.unbanMember"
WRITES = ["BANNED", "EVT", "HEAD", "IN"]


def banned_room(harness: Harness, person: str = "bob") -> str:
    room = harness.room(EVERY_ROLE)
    assert harness.invoke(harness.event("Mutation.banMember", roomId=room, userId=person))["notice"]
    return room


def test_a_ban_ends_as_if_the_person_had_left(harness: Harness) -> None:
    room = banned_room(harness)
    event = harness.event(EVENT, roomId=room)
    answer = harness.run(event, writes=WRITES)
    expected = {"kind": "MEMBER_UNBANNED", "userId": "bob", "rev": 3}
    assert answer == notice(answer, room, "alice", 2, **expected)
    left = {"role": "member", "status": "left", "joinedSeq": 0, "endedEpoch": 1}
    assert membership(harness, room, "bob") == left
    assert "expiresAt" in harness.item(room, f"IN#ROOM#{room}", "bob")
    assert lines(harness, room, "BANNED") == {}
    assert head(harness, room) == (3, 2, 2)
    harness.refused(harness.event("Query.messages", "bob", roomId=room), "NotRoomMember")


def test_a_repeat_answers_alike_and_changes_nothing(harness: Harness) -> None:
    room = banned_room(harness)
    event = harness.event(EVENT, roomId=room)
    harness.run(event, writes=WRITES)
    again = harness.run(event, writes=[])
    assert again == notice(again, room, "alice", 2, kind="MEMBER_UNBANNED", userId="bob", rev=3)


def test_who_is_there_stays_there(harness: Harness) -> None:
    room = harness.room(EVERY_ROLE)
    assert harness.run(harness.event(EVENT, roomId=room), writes=[])["notice"]["kind"] == "MEMBER_UNBANNED"


def test_a_moderator_does_not_undo_what_an_owner_did_to_another(harness: Harness) -> None:
    room = banned_room(harness, "max")
    harness.refused(harness.event(EVENT, "mona", roomId=room, userId="max"), "NotAllowed", reason="rank")
    harness.run(harness.event(EVENT, "anna", roomId=room, userId="max"), writes=WRITES)
    assert membership(harness, room, "max")["role"] == "member"


def test_a_moderator_ends_the_ban_of_a_plain_member_and_an_administrator_any(harness: Harness) -> None:
    harness.run(harness.event(EVENT, "mona", roomId=banned_room(harness)), writes=WRITES)
    room = banned_room(harness, "max")
    harness.run(as_admin(harness.event(EVENT, "root", roomId=room, userId="max")), writes=WRITES)


def test_others_and_others_bans_are_refused(harness: Harness) -> None:
    room = banned_room(harness)
    harness.refused(harness.event(EVENT, roomId=room, userId="mallory"), "NotAllowed", reason="notThere")
    harness.refused(harness.event(EVENT, "bob", roomId=room), "NotRoomMember")
    harness.refused(harness.event(EVENT, "mallory", roomId=room), "NotRoomMember")
    plain = harness.event(EVENT, "bob", roomId=harness.room(EVERY_ROLE), userId="max")
    harness.refused(plain, "NotAllowed", reason="role")
    harness.refused(harness.event(EVENT, roomId=room, userId=""), "InvalidInput", argument="userId")
