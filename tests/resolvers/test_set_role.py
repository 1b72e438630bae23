"""Mutation.setRole: owners set the roles of others, and one owner at least remains."""

import pytest

from chat.rules.models import Role
from tests.resolvers.harness import Event, Harness, Refusal
from tests.resolvers.memberships import EVERY_ROLE, as_admin, forget_owners, head, lines, membership, notice

EVENT = "Mutation.setRole"
WRITES = ["EVT", "HEAD", "IN", "MEMBER"]


def change(harness: Harness, room: str, actor: str, person: str, role: str) -> Event:
    return harness.event(EVENT, actor, roomId=room, userId=person, role=role)


def test_somebody_gets_another_role_and_no_epoch_ends(harness: Harness) -> None:
    event = harness.prepared(EVENT)
    room = event["arguments"]["roomId"]
    answer = harness.run(event, writes=WRITES)
    expected = {"kind": "ROLE_CHANGED", "userId": "bob", "role": "MODERATOR", "rev": 2}
    assert answer == notice(answer, room, "alice", 1, **expected)
    new = {"role": "moderator", "status": "active", "joinedSeq": 0}
    assert membership(harness, room, "bob") == new
    assert lines(harness, room, "MEMBER")["bob"] == {"type": "Member", **new}
    assert head(harness, room) == (2, 1, 1)
    again = harness.run(event, writes=[])
    assert again == notice(again, room, "alice", 1, **expected)


def test_owners_are_counted_in_the_head_as_they_come_and_go(harness: Harness) -> None:
    room = harness.room(EVERY_ROLE)
    for actor, person, role, counted in [
        ("alice", "bob", "OWNER", (2, 1, 3)),
        ("bob", "alice", "MEMBER", (3, 1, 2)),
        ("bob", "bob", "MODERATOR", (4, 1, 1)),
    ]:
        answer = harness.run(change(harness, room, actor, person, role), writes=WRITES)
        assert answer["notice"]["rev"] == counted[0]
        assert head(harness, room) == counted


def test_owners_that_were_never_counted_are_counted_first(harness: Harness) -> None:
    room = harness.room(EVERY_ROLE)
    for actor, person, role, counted in [
        ("alice", "bob", "OWNER", (2, 1, 3)),
        ("bob", "anna", "MEMBER", (3, 1, 2)),
    ]:
        forget_owners(harness, room)
        harness.run(change(harness, room, actor, person, role), writes=WRITES)
        assert head(harness, room) == counted


def test_the_last_owner_remains_one(harness: Harness) -> None:
    room = harness.room()
    harness.refused(change(harness, room, "alice", "alice", "MEMBER"), "NotAllowed", reason="lastOwner")
    event = as_admin(change(harness, room, "root", "alice", "MODERATOR"))
    harness.refused(event, "NotAllowed", reason="lastOwner")


def test_who_gave_up_ownership_may_repeat_it(harness: Harness) -> None:
    room = harness.room(EVERY_ROLE)
    event = change(harness, room, "anna", "anna", "MEMBER")
    harness.run(event, writes=WRITES)
    again = harness.run(event, writes=[])
    assert again == notice(again, room, "anna", 1, kind="ROLE_CHANGED", userId="anna", role="MEMBER", rev=2)
    harness.refused(change(harness, room, "anna", "anna", "OWNER"), "NotAllowed", reason="role")


@pytest.mark.parametrize(
    ("actor", "person", "reason"),
    [("mona", "bob", "role"), ("bob", "max", "role"), ("alice", "nobody", "notThere")],
)
def test_others_may_not(harness: Harness, actor: str, person: str, reason: str) -> None:
    event = change(harness, harness.room(EVERY_ROLE), actor, person, "MODERATOR")
    harness.refused(event, "NotAllowed", reason=reason)


def test_a_former_member_has_no_role(harness: Harness) -> None:
    room = harness.room(EVERY_ROLE)
    harness.invoke(harness.event("Mutation.leaveRoom", "bob", roomId=room))
    harness.refused(change(harness, room, "alice", "bob", "OWNER"), "NotAllowed", reason="notThere")


def test_an_administrator_appoints_and_then_takes_out_the_sole_owner(harness: Harness) -> None:
    room = harness.room()
    removing = as_admin(harness.event("Mutation.removeMember", "root", roomId=room, userId="alice"))
    harness.refused(removing, "NotAllowed", reason="lastOwner")
    harness.run(as_admin(change(harness, room, "root", "bob", "OWNER")), writes=WRITES)
    assert harness.run(removing, writes=WRITES)["notice"]["kind"] == "MEMBER_REMOVED"
    assert head(harness, room)[2] == 1


@pytest.mark.parametrize("role", ["moderator", "member"])
def test_an_administrator_in_the_room_takes_it_over(harness: Harness, role: Role) -> None:
    """Whatever they are there: as administrators they may do more."""
    room = harness.room({"alice": "owner", "chief": role, "bob": "member"})
    harness.run(as_admin(change(harness, room, "chief", "chief", "OWNER")), writes=WRITES)
    banning = as_admin(harness.event("Mutation.banMember", "chief", roomId=room, userId="alice"))
    assert harness.invoke(banning)["notice"]["kind"] == "MEMBER_BANNED"
    assert membership(harness, room, "chief")["role"] == "owner"
    harness.refused(change(harness, room, "chief", "chief", "MEMBER"), "NotAllowed", reason="lastOwner")


def test_an_administrator_takes_a_room_over_by_coming_as_its_owner(harness: Harness) -> None:
    room = harness.room()
    harness.invoke(
        as_admin(harness.event("Mutation.addMember", "root", roomId=room, userId="root", role="OWNER"))
    )
    removing = as_admin(harness.event("Mutation.removeMember", "root", roomId=room, userId="alice"))
    assert harness.invoke(removing)["notice"]["kind"] == "MEMBER_REMOVED"


def test_an_administrator_who_moderates_a_room_is_above_its_owner_all_the_same(harness: Harness) -> None:
    room = harness.room(EVERY_ROLE)
    for name, arguments in {
        "Mutation.muteMember": {"userId": "anna"},
        "Mutation.addMember": {"userId": "dave", "role": "OWNER"},
        "Mutation.removeMember": {"userId": "anna"},
    }.items():
        answer = harness.invoke(as_admin(harness.event(name, "mona", roomId=room, **arguments)))
        assert not isinstance(answer, Refusal), answer


def test_an_administrator_outside_has_no_role_to_change(harness: Harness) -> None:
    harness.refused(
        as_admin(change(harness, harness.room(), "root", "root", "OWNER")), "NotAllowed", reason="notThere"
    )


def test_strangers_are_refused_as_without_a_room(harness: Harness) -> None:
    for person in ("mallory", "bob"):
        event = change(harness, harness.room(), "mallory", person, "OWNER")
        harness.refused(event, "NotRoomMember")


@pytest.mark.parametrize(
    ("argument", "value"),
    [("role", None), ("role", "owner"), ("role", "GOD"), ("userId", None), ("roomId", "")],
)
def test_malformed_arguments_are_refused(harness: Harness, argument: str, value: object) -> None:
    event = change(harness, harness.room(), "alice", "bob", "MEMBER")
    event["arguments"][argument] = value
    harness.refused(event, "InvalidInput", argument=argument)
