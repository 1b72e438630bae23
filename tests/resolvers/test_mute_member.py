"""Mutation.muteMember: somebody reads but does not write until an instant."""

from typing import TYPE_CHECKING

import pytest

from chat.storage.keys import LATEST_MS
from tests.resolvers.people import CROWD, as_admin, head, lines, membership, notice

if TYPE_CHECKING:
    from tests.resolvers.conftest import Stage

EVENT = "Mutation.muteMember"
WRITES = ["IN", "MEMBER"]
UNTIL, UNTIL_MS = "2100-01-01T00:00:00.000Z", 4_102_444_800_000


def test_somebody_is_muted_until_an_instant(stage: "Stage") -> None:
    event = stage.staged(EVENT)
    room = event["arguments"]["roomId"]
    answer = stage.act(event, writes=WRITES)
    told = {"kind": "MEMBER_MUTED", "userId": "bob", "mutedUntil": UNTIL, "rev": 1}
    assert answer == notice(answer, room, "alice", 1, **told)
    new = {"role": "member", "status": "active", "joinedSeq": 0, "mutedUntil": UNTIL_MS}
    assert membership(stage, room, "bob") == new
    assert lines(stage, room, "MEMBER")["bob"] == {"type": "Member", **new}
    assert head(stage, room) == (1, 1, 1)
    stage.refused(stage.event("Mutation.sendMessage", "bob", roomId=room), "Muted", until=UNTIL)
    assert stage.invoke(stage.event("Query.messages", "bob", roomId=room))["items"] == []
    again = stage.act(event, writes=[])
    assert again == notice(again, room, "alice", 1, **told)


@pytest.mark.parametrize("until", [None, "1999-01-01T00:00:00Z"])
def test_without_an_instant_or_with_one_that_has_passed_they_write_again(
    stage: "Stage", until: str | None
) -> None:
    room = stage.room(CROWD)
    stage.act(stage.event(EVENT, "mona", roomId=room), writes=WRITES)
    event = stage.event(EVENT, "mona", roomId=room, until=until)
    answer = stage.act(event, writes=WRITES)
    assert answer == notice(answer, room, "mona", 1, kind="MEMBER_MUTED", userId="bob", rev=1)
    assert "mutedUntil" not in membership(stage, room, "bob") | lines(stage, room, "MEMBER")["bob"]
    stage.act(event, writes=[])
    assert len(stage.send(room, "again", user="bob")) == 1


def test_a_mute_lasts_to_the_end_of_its_last_millisecond_and_has_an_end(stage: "Stage") -> None:
    room = stage.room(CROWD)
    stage.act(stage.event(EVENT, roomId=room, until="2100-01-01T00:00:00.0001Z"), writes=WRITES)
    assert membership(stage, room, "bob")["mutedUntil"] == UNTIL_MS + 1
    stage.act(stage.event(EVENT, roomId=room, until="9999-12-31T23:59:59-14:00"), writes=WRITES)
    assert membership(stage, room, "bob")["mutedUntil"] == LATEST_MS


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
def test_rank_decides_whom_somebody_may_mute(stage: "Stage", actor: str, person: str, reason: str) -> None:
    event = stage.event(EVENT, actor, roomId=stage.room(CROWD), userId=person)
    stage.refused(event, "NotAllowed", reason=reason)


def test_owners_and_administrators_mute_even_owners(stage: "Stage") -> None:
    room = stage.room(CROWD)
    stage.act(stage.event(EVENT, roomId=room, userId="anna"), writes=WRITES)
    stage.act(as_admin(stage.event(EVENT, "root", roomId=room, userId="alice")), writes=WRITES)


def test_strangers_hear_of_no_room_and_who_has_gone_is_not_muted(stage: "Stage") -> None:
    room = stage.room(CROWD)
    stage.refused(stage.event(EVENT, "mallory", roomId=room), "NotRoomMember")
    stage.invoke(stage.event("Mutation.leaveRoom", "bob", roomId=room))
    stage.refused(stage.event(EVENT, roomId=room), "NotAllowed", reason="notThere")


@pytest.mark.parametrize(
    ("argument", "value"), [("until", "tomorrow"), ("until", 7), ("userId", ""), ("roomId", "#")]
)
def test_malformed_arguments_are_refused(stage: "Stage", argument: str, value: object) -> None:
    event = stage.event(EVENT, roomId=stage.room())
    event["arguments"][argument] = value
    stage.refused(event, "InvalidInput", argument=argument)
