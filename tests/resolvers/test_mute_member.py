"""Mutation.muteMember: somebody reads but does not write until an instant."""

import pytest

from chat.storage.keys import LATEST_MS
from tests.resolvers.harness import Harness
from tests.resolvers.memberships import EVERY_ROLE, as_admin, head, lines, membership, notice

EVENT = "Mutation.muteMember"
WRITES = ["EVT", "HEAD", "IN", "MEMBER"]
UNTIL, UNTIL_MS = "2100-01-01T00:00:00.000Z", 4_102_444_800_000


def test_somebody_is_muted_until_an_instant(harness: Harness) -> None:
    event = harness.prepared(EVENT)
    room = event["arguments"]["roomId"]
    answer = harness.run(event, writes=WRITES)
    expected = {"kind": "MEMBER_MUTED", "userId": "bob", "mutedUntil": UNTIL, "rev": 2}
    assert answer == notice(answer, room, "alice", 1, **expected)
    new = {"role": "member", "status": "active", "joinedSeq": 0, "mutedUntil": UNTIL_MS}
    assert membership(harness, room, "bob") == new
    assert lines(harness, room, "MEMBER")["bob"] == {"type": "Member", **new}
    assert head(harness, room) == (2, 1, 1)
    harness.refused(harness.event("Mutation.sendMessage", "bob", roomId=room), "Muted", until=UNTIL)
    assert harness.invoke(harness.event("Query.messages", "bob", roomId=room))["items"] == []
    again = harness.run(event, writes=[])
    assert again == notice(again, room, "alice", 1, **expected)


@pytest.mark.parametrize("until", [None, "1999-01-01T00:00:00Z"])
def test_without_an_instant_or_with_one_that_has_passed_they_write_again(
    harness: Harness, until: str | None
) -> None:
    room = harness.room(EVERY_ROLE)
    harness.run(harness.event(EVENT, "mona", roomId=room), writes=WRITES)
    event = harness.event(EVENT, "mona", roomId=room, until=until)
    answer = harness.run(event, writes=WRITES)
    assert answer == notice(answer, room, "mona", 1, kind="MEMBER_MUTED", userId="bob", rev=3)
    assert "mutedUntil" not in membership(harness, room, "bob") | lines(harness, room, "MEMBER")["bob"]
    harness.run(event, writes=[])
    assert len(harness.send(room, "again", user="bob")) == 1


def test_a_mute_lasts_to_the_end_of_its_last_millisecond_and_has_an_end(harness: Harness) -> None:
    room = harness.room(EVERY_ROLE)
    harness.run(harness.event(EVENT, roomId=room, until="2100-01-01T00:00:00.0001Z"), writes=WRITES)
    assert membership(harness, room, "bob")["mutedUntil"] == UNTIL_MS + 1
    harness.run(harness.event(EVENT, roomId=room, until="9999-12-31T23:59:59-14:00"), writes=WRITES)
    assert membership(harness, room, "bob")["mutedUntil"] == LATEST_MS


@pytest.mark.parametrize(
    ("actor", "person", "reason"),
    [
        ("mona", "max", "rank"),
        ("mona", "anna", "rank"),
        ("bob", "max", "role"),
        ("alice", "alice", "self"),
        ("alice", "nobody", "notThere"),
    ],
)
def test_rank_decides_whom_somebody_may_mute(harness: Harness, actor: str, person: str, reason: str) -> None:
    event = harness.event(EVENT, actor, roomId=harness.room(EVERY_ROLE), userId=person)
    harness.refused(event, "NotAllowed", reason=reason)


def test_owners_and_administrators_mute_even_owners(harness: Harness) -> None:
    room = harness.room(EVERY_ROLE)
    harness.run(harness.event(EVENT, roomId=room, userId="anna"), writes=WRITES)
    harness.run(as_admin(harness.event(EVENT, "root", roomId=room, userId="alice")), writes=WRITES)


def test_strangers_are_refused_as_without_a_room_and_former_members_are_not_muted(harness: Harness) -> None:
    room = harness.room(EVERY_ROLE)
    harness.refused(harness.event(EVENT, "mallory", roomId=room), "NotRoomMember")
    harness.invoke(harness.event("Mutation.leaveRoom", "bob", roomId=room))
    harness.refused(harness.event(EVENT, roomId=room), "NotAllowed", reason="notThere")


@pytest.mark.parametrize(
    ("argument", "value"), [("until", "tomorrow"), ("until", 7), ("userId", ""), ("roomId", "#")]
)
def test_malformed_arguments_are_refused(harness: Harness, argument: str, value: object) -> None:
    event = harness.event(EVENT, roomId=harness.room())
    event["arguments"][argument] = value
    harness.refused(event, "InvalidInput", argument=argument)
