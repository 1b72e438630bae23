"""Mutation.removeMember: a member is removed, the epoch has moved, and a notice says so in the old one."""

import pytest

from chat.rules.models import DAY_MS
from tests.resolvers.harness import Harness
from tests.resolvers.memberships import EVERY_ROLE, as_admin, head, lines, membership, notice

EVENT = "Mutation.removeMember"
WRITES = ["EVT", "HEAD", "IN", "MEMBER"]


def test_somebody_is_taken_out_and_the_epoch_moves_with_it(harness: Harness) -> None:
    event = harness.prepared(EVENT)
    room = event["arguments"]["roomId"]
    answer = harness.run(event, writes=WRITES)
    expected = {"kind": "MEMBER_REMOVED", "userId": "bob", "nextEpoch": 2, "rev": 2}
    assert answer == notice(answer, room, "alice", 1, **expected)
    assert head(harness, room) == (2, 2, 1)
    assert membership(harness, room, "bob") == {
        "role": "member",
        "status": "left",
        "joinedSeq": 0,
        "endedEpoch": 1,
    }
    expires = harness.item(room, f"IN#ROOM#{room}", "bob")["expiresAt"]
    assert expires == pytest.approx((harness.deployment.now() + 90 * DAY_MS) / 1_000, abs=60)
    assert set(lines(harness, room, "MEMBER")) == {"alice"}


def test_who_was_taken_out_neither_reads_nor_sends_nor_subscribes(harness: Harness) -> None:
    event = harness.prepared(EVENT)
    room = event["arguments"]["roomId"]
    harness.send(room, "while bob was there", user="bob")
    harness.run(event, writes=WRITES)
    for name in ("Query.messages", "Mutation.sendMessage", "Subscription.onMessage"):
        harness.refused(harness.event(name, "bob", roomId=room), "NotRoomMember")


def test_a_repeat_publishes_the_end_of_the_same_epoch_again_and_changes_nothing(harness: Harness) -> None:
    event = harness.prepared(EVENT)
    room = event["arguments"]["roomId"]
    harness.run(event, writes=WRITES)
    harness.head(room, epoch=7, rev=30)
    again = harness.run(event, writes=[])
    expected = {"kind": "MEMBER_REMOVED", "userId": "bob", "nextEpoch": 2, "rev": None}
    assert again == notice(again, room, "alice", 1, **expected)


def test_in_a_guilds_room_as_in_any_other(harness: Harness) -> None:
    room = harness.room({"alice": "owner", "bob": "member"}, guild=True)
    answer = harness.run(harness.event(EVENT, roomId=room), writes=WRITES)
    assert (answer["roomId"], answer["guildId"], answer["roomType"]) == (room, room[6:], "guild")
    assert head(harness, room) == (2, 2, 1)


@pytest.mark.parametrize(
    ("actor", "person", "reason"),
    [
        ("mona", "max", "rank"),
        ("mona", "alice", "rank"),
        ("bob", "max", "role"),
        ("alice", "alice", "self"),
        ("mona", "mona", "self"),
        ("alice", "nobody", "notThere"),
    ],
)
def test_rank_decides_whom_somebody_may_take_out(
    harness: Harness, actor: str, person: str, reason: str
) -> None:
    event = harness.event(EVENT, actor, roomId=harness.room(EVERY_ROLE), userId=person)
    harness.refused(event, "NotAllowed", reason=reason)


@pytest.mark.parametrize(("actor", "person"), [("mona", "bob"), ("alice", "mona"), ("alice", "anna")])
def test_moderators_take_out_plain_members_and_owners_anybody(
    harness: Harness, actor: str, person: str
) -> None:
    room = harness.room(EVERY_ROLE)
    harness.run(harness.event(EVENT, actor, roomId=room, userId=person), writes=WRITES)
    assert head(harness, room) == (2, 2, 1 if person == "anna" else 2)


def test_an_administrator_takes_out_anybody_but_the_last_owner(harness: Harness) -> None:
    room = harness.room(EVERY_ROLE)
    for person in ("anna", "mona"):
        harness.run(as_admin(harness.event(EVENT, "root", roomId=room, userId=person)), writes=WRITES)
    last = as_admin(harness.event(EVENT, "root", roomId=room, userId="alice"))
    harness.refused(last, "NotAllowed", reason="lastOwner")


def test_strangers_are_refused_as_without_a_room(harness: Harness) -> None:
    harness.refused(harness.event(EVENT, "mallory", roomId=harness.room()), "NotRoomMember")
    harness.refused(harness.event(EVENT, roomId="no-such-room"), "NotRoomMember")


@pytest.mark.parametrize("person", [None, "", 7, "bob\n", "x" * 129])
def test_what_is_no_user_id_is_refused(harness: Harness, person: object) -> None:
    event = harness.event(EVENT, roomId=harness.room(), userId=person)
    harness.refused(event, "InvalidInput", argument="userId")


def test_what_is_no_room_id_is_refused(harness: Harness) -> None:
    harness.refused(harness.event(EVENT, roomId="a b"), "InvalidInput", argument="roomId")


def test_a_selection_that_would_leave_subscribers_without_a_field_is_refused(harness: Harness) -> None:
    event = harness.prepared(EVENT)
    event["info"]["selectionSetList"].remove("notice/nextEpoch")
    harness.refused(event, "InvalidInput", argument="selection", missing="notice/nextEpoch")
