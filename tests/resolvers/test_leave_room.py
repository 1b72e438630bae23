"""Mutation.leaveRoom: the caller is no member, the epoch has moved, and a notice says so in the old one."""

import pytest

from chat.rules.models import Role
from tests.resolvers.harness import Harness
from tests.resolvers.memberships import EVERY_ROLE, as_admin, forget_owners, head, lines, membership, notice

EVENT = "Mutation.leaveRoom"
WRITES = ["EVT", "HEAD", "IN", "MEMBER"]


def test_somebody_leaves_and_the_epoch_moves_with_it(harness: Harness) -> None:
    event = harness.prepared(EVENT)
    room = event["arguments"]["roomId"]
    answer = harness.run(event, writes=WRITES)
    expected = {"kind": "MEMBER_LEFT", "userId": "bob", "nextEpoch": 2, "rev": 2}
    assert answer == notice(answer, room, "bob", 1, **expected)
    assert head(harness, room) == (2, 2, 1)
    assert membership(harness, room, "bob")["status"] == "left"
    assert set(lines(harness, room, "MEMBER")) == {"alice"}
    for name in ("Query.messages", "Mutation.sendMessage", "Subscription.onMessage"):
        harness.refused(harness.event(name, "bob", roomId=room), "NotRoomMember")


def test_a_repeat_publishes_the_end_of_the_same_epoch_again_and_changes_nothing(harness: Harness) -> None:
    event = harness.prepared(EVENT)
    room = event["arguments"]["roomId"]
    harness.run(event, writes=WRITES)
    harness.head(room, epoch=7, rev=30)
    again = harness.run(event, writes=[])
    expected = {"kind": "MEMBER_LEFT", "userId": "bob", "nextEpoch": 2, "rev": None}
    assert again == notice(again, room, "bob", 1, **expected)


def test_the_last_owner_stays_and_another_may_go(harness: Harness) -> None:
    room = harness.room(EVERY_ROLE)
    harness.run(harness.event(EVENT, "anna", roomId=room), writes=WRITES)
    assert head(harness, room) == (2, 2, 1)
    harness.refused(harness.event(EVENT, "alice", roomId=room), "NotAllowed", reason="lastOwner")


@pytest.mark.parametrize("role", ["owner", "moderator"])
def test_who_is_alone_ends_the_room_by_leaving(harness: Harness, role: Role) -> None:
    """A room from before owners were counted may have none."""
    room = harness.room({"alice": role})
    harness.send(room, "to myself")
    answer = harness.run(harness.event(EVENT, "alice", roomId=room), writes=["EVT", *WRITES])
    assert answer == notice(answer, room, "alice", 1, kind="ROOM_DELETED", nextEpoch=2, rev=4)
    assert harness.item(room, "HEAD")["endedAt"] > 0
    assert membership(harness, room, "alice")["status"] == "left"
    for name in ("Query.messages", "Mutation.sendMessage", "Subscription.onMessage", "Query.room"):
        harness.refused(harness.event(name, "alice", roomId=room), "NotRoomMember")
    again = harness.run(harness.event(EVENT, "alice", roomId=room), writes=[])
    assert again == notice(again, room, "alice", 1, kind="ROOM_DELETED", nextEpoch=2)


def test_who_is_the_last_of_many_is_alone(harness: Harness) -> None:
    room = harness.room(EVERY_ROLE)
    for person in ("bob", "max", "anna"):
        harness.invoke(harness.event(EVENT, person, roomId=room))
    harness.refused(harness.event(EVENT, "alice", roomId=room), "NotAllowed", reason="lastOwner")
    harness.invoke(harness.event("Mutation.banMember", "alice", roomId=room, userId="mona"))
    assert harness.invoke(harness.event(EVENT, "alice", roomId=room))["notice"]["kind"] == "ROOM_DELETED"
    for person in ("bob", "mona"):
        harness.refused(harness.event(EVENT, person, roomId=room), "NotRoomMember")


def test_a_guilds_room_stays_when_its_last_person_goes(harness: Harness) -> None:
    """Its guild may send somebody else."""
    room = harness.room({"alice": "owner"}, guild=True)
    answer = harness.run(harness.event(EVENT, "alice", roomId=room), writes=WRITES)
    assert (answer["notice"]["kind"], answer["notice"]["nextEpoch"]) == ("MEMBER_LEFT", 2)
    assert head(harness, room) == (2, 2, 0)
    assert "endedAt" not in harness.item(room, "HEAD")
    harness.call("guild_membership", {"guildId": room.removeprefix("GUILD#"), "add": [{"userId": "alice"}]})
    assert harness.invoke(harness.event("Query.room", "alice", roomId=room))["roomId"] == room


def test_owners_that_were_never_counted_are_counted_first(harness: Harness) -> None:
    room = harness.room(EVERY_ROLE)
    forget_owners(harness, room)
    harness.run(harness.event(EVENT, "bob", roomId=room), writes=WRITES)
    assert head(harness, room) == (2, 2, 2)
    forget_owners(harness, room)
    harness.run(harness.event(EVENT, "anna", roomId=room), writes=WRITES)
    forget_owners(harness, room)
    harness.refused(harness.event(EVENT, "alice", roomId=room), "NotAllowed", reason="lastOwner")


def test_a_mute_and_what_was_sent_outlast_the_leaving(harness: Harness) -> None:
    room = harness.room(EVERY_ROLE)
    harness.send(room, "one", user="bob")
    harness.member(room, "bob", mutedUntil=4_000_000_000_000)
    harness.run(harness.event(EVENT, "bob", roomId=room), writes=WRITES)
    left = membership(harness, room, "bob")
    assert (left["mutedUntil"], left["lastSentSeq"]) == (4_000_000_000_000, 1)
    assert left["tat"] > 0


def test_who_is_not_there_cannot_leave(harness: Harness) -> None:
    room = harness.room()
    harness.refused(harness.event(EVENT, "mallory", roomId=room), "NotRoomMember")
    harness.refused(as_admin(harness.event(EVENT, "root", roomId=room)), "NotRoomMember")
    harness.member(room, "bob", status="banned", endedEpoch=1)
    harness.refused(harness.event(EVENT, "bob", roomId=room), "NotRoomMember")
    harness.refused(harness.event(EVENT, "bob", roomId="no-such-room"), "NotRoomMember")


def test_what_is_no_room_id_is_refused(harness: Harness) -> None:
    harness.refused(harness.event(EVENT, roomId="a b"), "InvalidInput", argument="roomId")
