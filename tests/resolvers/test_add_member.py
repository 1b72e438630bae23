"""Mutation.addMember: somebody is in the room, as at most what the caller is, unless they are banned."""

import uuid

import pytest

from chat.rules.models import Role
from chat.steps.quota import MAX_ROOMS, ROOMS
from chat.storage import keys
from tests.resolvers.harness import Harness
from tests.resolvers.memberships import EVERY_ROLE, as_admin, head, lines, membership, notice

EVENT = "Mutation.addMember"
WRITES = ["EVT", "HEAD", "IN", "MEMBER"]
STRANGER = [*WRITES, "QUOTA", "QUOTA"]
"""Of somebody new: the quota of who adds them, and theirs. Of somebody who was there before, theirs alone."""


def test_somebody_is_taken_in_and_no_epoch_ends(harness: Harness) -> None:
    event = harness.prepared(EVENT)
    room = event["arguments"]["roomId"]
    harness.send(room, "one", "two")
    answer = harness.run(event, writes=STRANGER)
    expected = {"kind": "MEMBER_ADDED", "userId": "dave", "role": "MODERATOR", "rev": 4}
    assert answer == notice(answer, room, "alice", 1, **expected)
    assert head(harness, room) == (4, 1, 1)
    new = {"role": "moderator", "status": "active", "joinedSeq": 2}
    assert membership(harness, room, "dave") == new | {
        "added": 1,
        "joinedTs": harness.item(room, "HEAD")["ts"],
    }
    assert lines(harness, room, "MEMBER")["dave"] == {"type": "Member", **new}
    assert [
        each["seq"] for each in harness.invoke(harness.event("Query.messages", "dave", roomId=room))["items"]
    ]


def test_any_subject_is_taken_in_as_it_is(harness: Harness) -> None:
    event = harness.prepared(f"{EVENT}.any-subject")
    room, user = event["arguments"]["roomId"], event["arguments"]["userId"]
    answer = harness.run(event, writes=STRANGER)
    assert answer["notice"]["userId"] == user
    stored = harness.item(room, keys.roster(user))
    assert stored["SK"] == "MEMBER#Ann Müller %237 <ann+chat@bücher.example>"
    assert membership(harness, room, user)["role"] == "moderator"


def test_who_is_there_stays_as_they_are(harness: Harness) -> None:
    room = harness.room(EVERY_ROLE)
    answer = harness.run(harness.event(EVENT, roomId=room, userId="mona", role="MEMBER"), writes=[])
    expected = {"kind": "MEMBER_ADDED", "userId": "mona", "role": "MODERATOR", "rev": 1}
    assert answer == notice(answer, room, "alice", 1, **expected)


@pytest.mark.parametrize("role", [None, "MEMBER"])
def test_without_a_role_somebody_is_a_plain_member(harness: Harness, role: str | None) -> None:
    room = harness.room(EVERY_ROLE)
    harness.run(harness.event(EVENT, "mona", roomId=room, userId="dave", role=role), writes=STRANGER)
    assert membership(harness, room, "dave")["role"] == "member"


def test_a_further_owner_is_counted_in_the_head(harness: Harness) -> None:
    room = harness.room(EVERY_ROLE)
    event = harness.event(EVENT, roomId=room, userId="dave", role="OWNER")
    answer = harness.run(event, writes=STRANGER)
    assert answer["notice"]["rev"] == 2
    assert head(harness, room) == (2, 1, 3)


def test_who_comes_again_is_as_new_but_for_mute_rate_and_what_they_sent(harness: Harness) -> None:
    room = harness.room(EVERY_ROLE)
    harness.send(room, "one", user="mona")
    harness.member(room, "mona", mutedUntil=4_000_000_000_000)
    harness.invoke(harness.event("Mutation.leaveRoom", "mona", roomId=room))
    harness.send(room, "two")
    harness.run(harness.event(EVENT, roomId=room, userId="mona", role="MEMBER"), writes=[*WRITES, "QUOTA"])
    mona = membership(harness, room, "mona")
    assert mona.pop("tat") > mona.pop("writtenAt") * 1_000 > 0
    assert mona.pop("againTat") > 0
    assert mona == {
        "added": 1,
        "role": "member",
        "ranked": 1,
        "status": "active",
        "joinedSeq": 2,
        "joinedTs": harness.item(room, "HEAD")["ts"],
        "lastSentSeq": 1,
        "mutedUntil": 4_000_000_000_000,
    }
    assert "expiresAt" not in harness.item(room, f"IN#ROOM#{room}", "mona")
    assert lines(harness, room, "MEMBER")["mona"]["mutedUntil"] == 4_000_000_000_000


def test_who_is_banned_has_to_be_unbanned_first(harness: Harness) -> None:
    room = harness.room(EVERY_ROLE)
    harness.invoke(harness.event("Mutation.banMember", roomId=room, userId="bob"))
    harness.refused(harness.event(EVENT, roomId=room, userId="bob"), "NotAllowed", reason="banned")
    harness.invoke(harness.event("Mutation.unbanMember", roomId=room, userId="bob"))
    harness.run(harness.event(EVENT, roomId=room, userId="bob", role=None), writes=[*WRITES, "QUOTA"])
    bob = membership(harness, room, "bob")
    assert bob.pop("againTat") > 0
    assert bob == {"role": "member", "status": "active", "joinedSeq": 0, "added": 1}


def test_nobody_gives_more_than_they_are(harness: Harness) -> None:
    room = harness.room(EVERY_ROLE)
    event = harness.event(EVENT, "mona", roomId=room, role="OWNER")
    harness.refused(event, "NotAllowed", reason="rank")
    harness.refused(harness.event(EVENT, "bob", roomId=room), "NotAllowed", reason="role")
    harness.refused(harness.event(EVENT, "mallory", roomId=room), "NotRoomMember")


def test_an_administrator_takes_in_anybody_even_themself(harness: Harness) -> None:
    room = harness.room(EVERY_ROLE)
    event = as_admin(harness.event(EVENT, "root", roomId=room, userId="root", role="OWNER"))
    harness.run(event, writes=WRITES)
    assert membership(harness, room, "root")["role"] == "owner"


def test_nobody_is_put_into_more_rooms_than_a_thousand(harness: Harness) -> None:
    """Whoever was, is told of to nobody; and administrators take them in all the same."""
    person, now = f"busy-{uuid.uuid4()}", harness.deployment.now()
    harness.change(
        "x", keys.user_partition(person), keys.QUOTA, addedTat=now * 1_000 + MAX_ROOMS * ROOMS.step
    )
    events = [
        harness.event(EVENT, roomId=harness.room(guild=guild), userId=person) for guild in (False, True)
    ]
    for event in events:
        harness.refused(event, "NotAllowed", reason="cannotBeAdded")
        harness.run(as_admin(event), writes=WRITES)
    assert harness.item(events[0]["arguments"]["roomId"], "IN#ROOM", person)["added"] == 1


def test_a_hundred_strangers_are_added_in_an_hour(harness: Harness) -> None:
    adder = f"adder-{uuid.uuid4()}"
    members: dict[str, Role] = {adder: "owner", "alice": "owner", "bob": "member"}
    room = harness.room(members)
    harness.change(
        "x", keys.user_partition(adder), keys.QUOTA, addTat=(harness.deployment.now() + 3_600_000) * 1_000
    )
    refusal = harness.run(harness.event(EVENT, adder, roomId=room, userId="dave"), writes=[])
    assert (refusal.error_type, refusal.values["scope"]) == ("RateLimited", "person")
    assert 30_000 < int(refusal.values["retryAfterMs"]) <= 36_000
    harness.invoke(harness.event("Mutation.removeMember", adder, roomId=room, userId="bob"))
    harness.run(harness.event(EVENT, adder, roomId=room, userId="bob"), writes=[*WRITES, "QUOTA"])
    harness.run(as_admin(harness.event(EVENT, adder, roomId=room, userId="dave")), writes=WRITES)


@pytest.mark.parametrize(
    ("argument", "value"),
    [("role", "member"), ("role", "KING"), ("role", 1), ("userId", "a\x00b"), ("roomId", "a b")],
)
def test_malformed_arguments_are_refused(harness: Harness, argument: str, value: object) -> None:
    event = harness.event(EVENT, roomId=harness.room())
    event["arguments"][argument] = value
    harness.refused(event, "InvalidInput", argument=argument)
