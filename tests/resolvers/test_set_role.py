"""Mutation.setRole: owners say what others are, and one owner at least remains."""

from typing import TYPE_CHECKING

import pytest

from tests.resolvers.people import CROWD, as_admin, forget_owners, head, lines, membership, notice

if TYPE_CHECKING:
    from tests.resolvers.conftest import Event, Stage

EVENT = "Mutation.setRole"
WRITES = ["IN", "MEMBER"]


def change(stage: "Stage", room: str, actor: str, person: str, role: str) -> "Event":
    return stage.event(EVENT, actor, roomId=room, userId=person, role=role)


def test_somebody_gets_another_role_and_no_epoch_ends(stage: "Stage") -> None:
    event = stage.staged(EVENT)
    room = event["arguments"]["roomId"]
    answer = stage.act(event, writes=WRITES)
    told = {"kind": "ROLE_CHANGED", "userId": "bob", "role": "MODERATOR", "rev": 1}
    assert answer == notice(answer, room, "alice", 1, **told)
    new = {"role": "moderator", "status": "active", "joinedSeq": 0}
    assert membership(stage, room, "bob") == new
    assert lines(stage, room, "MEMBER")["bob"] == {"type": "Member", **new}
    assert head(stage, room) == (1, 1, 1)
    again = stage.act(event, writes=[])
    assert again == notice(again, room, "alice", 1, **told)


def test_owners_are_counted_in_the_head_as_they_come_and_go(stage: "Stage") -> None:
    room = stage.room(CROWD)
    for actor, person, role, counted in [
        ("alice", "bob", "OWNER", (2, 1, 3)),
        ("bob", "alice", "MEMBER", (3, 1, 2)),
        ("bob", "bob", "MODERATOR", (4, 1, 1)),
    ]:
        answer = stage.act(change(stage, room, actor, person, role), writes=["HEAD", *WRITES])
        assert answer["notice"]["rev"] == counted[0]
        assert head(stage, room) == counted


def test_owners_that_were_never_counted_are_counted_first(stage: "Stage") -> None:
    room = stage.room(CROWD)
    for actor, person, role, counted in [
        ("alice", "bob", "OWNER", (2, 1, 3)),
        ("bob", "anna", "MEMBER", (3, 1, 2)),
    ]:
        forget_owners(stage, room)
        stage.act(change(stage, room, actor, person, role), writes=["HEAD", *WRITES])
        assert head(stage, room) == counted


def test_the_last_owner_remains_one(stage: "Stage") -> None:
    room = stage.room()
    stage.refused(change(stage, room, "alice", "alice", "MEMBER"), "NotAllowed", reason="lastOwner")
    event = as_admin(change(stage, room, "root", "alice", "MODERATOR"))
    stage.refused(event, "NotAllowed", reason="lastOwner")


def test_who_gave_up_ownership_may_say_so_again(stage: "Stage") -> None:
    room = stage.room(CROWD)
    event = change(stage, room, "anna", "anna", "MEMBER")
    stage.act(event, writes=["HEAD", *WRITES])
    again = stage.act(event, writes=[])
    assert again == notice(again, room, "anna", 1, kind="ROLE_CHANGED", userId="anna", role="MEMBER", rev=2)
    stage.refused(change(stage, room, "anna", "anna", "OWNER"), "NotAllowed", reason="role")


@pytest.mark.parametrize(
    ("actor", "person", "reason"),
    [("mona", "bob", "role"), ("bob", "max", "role"), ("alice", "nobody", "notThere")],
)
def test_others_may_not(stage: "Stage", actor: str, person: str, reason: str) -> None:
    event = change(stage, stage.room(CROWD), actor, person, "MODERATOR")
    stage.refused(event, "NotAllowed", reason=reason)


def test_who_has_gone_has_no_role(stage: "Stage") -> None:
    room = stage.room(CROWD)
    stage.invoke(stage.event("Mutation.leaveRoom", "bob", roomId=room))
    stage.refused(change(stage, room, "alice", "bob", "OWNER"), "NotAllowed", reason="notThere")


def test_an_administrator_gives_roles_to_others_alone(stage: "Stage") -> None:
    room = stage.room(CROWD)
    stage.act(as_admin(change(stage, room, "root", "bob", "MODERATOR")), writes=WRITES)
    own = as_admin(change(stage, room, "mona", "mona", "OWNER"))
    stage.refused(own, "NotAllowed", reason="self")


def test_strangers_hear_of_no_room(stage: "Stage") -> None:
    for person in ("mallory", "bob"):
        event = change(stage, stage.room(), "mallory", person, "OWNER")
        stage.refused(event, "NotRoomMember")


@pytest.mark.parametrize(
    ("argument", "value"),
    [("role", None), ("role", "owner"), ("role", "GOD"), ("userId", None), ("roomId", "")],
)
def test_malformed_arguments_are_refused(stage: "Stage", argument: str, value: object) -> None:
    event = change(stage, stage.room(), "alice", "bob", "MEMBER")
    event["arguments"][argument] = value
    stage.refused(event, "InvalidInput", argument=argument)
