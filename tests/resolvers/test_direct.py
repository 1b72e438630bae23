"""Mutation.direct: the one room of two people, whoever of them asks, and nobody else's."""

import re
import uuid
from typing import Any

import pytest

from chat_lambda import compose
from tests.resolvers.harness import Harness, Refusal
from tests.resolvers.memberships import as_admin

EVENT = "Mutation.direct"
MADE = ["EVT", "HEAD", "IN", "IN", "MEMBER", "MEMBER", "QUOTA", "QUOTA"]
"""What a direct room is made of, as far as it lies with its two people; the room's own partition is found by its id."""


def two() -> tuple[str, str]:
    return f"a-{uuid.uuid4()}", f"b-{uuid.uuid4()}"


def meet(harness: Harness, user: str, other: str) -> Any:
    return harness.invoke(harness.event(EVENT, user, userId=other))


def by(harness: Harness, verb: str, user: str, **arguments: object) -> Any:
    return harness.invoke(harness.event(f"Mutation.{verb}", user, **arguments))


def refusal(outcome: Any) -> tuple[str, dict[str, str]]:
    assert isinstance(outcome, Refusal), outcome
    return outcome.error_type, outcome.values


CANNOT = ("NotAllowed", {"reason": "cannotBeAdded"})
CLOSED = ("NotAllowed", {"reason": "closed"})


def send(harness: Harness, room: str, user: str) -> Any:
    return by(harness, "sendMessage", user, roomId=room, text="hi", clientMessageId=f"c-{uuid.uuid4()}")


def test_it_is_answered_and_stored_with_both_as_plain_members(harness: Harness) -> None:
    one, other = two()
    answer = harness.run(harness.event(EVENT, one, userId=other), writes=["IN", "IN", "QUOTA", "QUOTA"])
    room = answer["roomId"]
    assert re.fullmatch(r"direct:[0-9a-f]{40}", room)
    assert answer == {
        "roomId": room,
        "roomType": "general",
        "guildId": None,
        "name": None,
        "description": None,
        "avatarUrl": None,
        "avatarId": None,
        "visibility": "PRIVATE",
        "historyFrom": "BEGINNING",
        "historyRev": 0,
        "archivedAt": None,
        "directWith": other,
        "slowModeSeconds": 0,
        "retentionDays": 365,
        "personPerSecond": 1.0,
        "personBurst": 10,
        "roomPerSecond": 50.0,
        "roomBurst": 100,
        "memberCount": 2,
        "head": {"seq": 0, "ts": None, "epoch": 1, "rev": 1, "pinsRev": 0},
        "me": {"userId": one, "role": "MEMBER", "status": "ACTIVE", "mutedUntil": None, "joinedSeq": 0},
    }
    head = harness.item(room, "HEAD")
    assert (head["owners"], head["direct"]) == (0, f'["{one}","{other}"]')
    for user in (one, other):
        assert harness.item(room, "IN#", user)["role"] == "member"
    assert send(harness, room, other)["seq"] == 1


def test_either_finds_the_same_room_and_it_is_named_for_them(harness: Harness) -> None:
    one, other = two()
    first = meet(harness, one, other)
    again = harness.run(harness.event(EVENT, other, userId=one), writes=[])
    assert again["roomId"] == first["roomId"]
    assert (again["directWith"], again["me"]["userId"]) == (one, other)
    assert harness.run(harness.event(EVENT, one, userId=other), writes=[]) == first
    mine = harness.invoke(harness.event("Query.room", other, roomId=first["roomId"]))
    assert mine["directWith"] == one
    (listed,) = harness.invoke(harness.event("Query.myRooms", other))["items"]
    assert listed["room"]["directWith"] == one


def test_the_id_depends_on_the_two_and_on_the_secret(harness: Harness, monkeypatch: Any) -> None:
    from chat.rules.direct import direct_room

    key = compose.direct_key()
    assert direct_room(key, "a", "b") == direct_room(key, "b", "a")
    others = {direct_room(key, *pair).id for pair in (("a", "b"), ("a", "bc"), ("ab", "c"), ("a", "c"))}
    assert len(others) == 4
    assert direct_room(b"x" * 32, "a", "b") != direct_room(key, "a", "b")


def test_with_oneself_there_is_none(harness: Harness) -> None:
    harness.refused(harness.event(EVENT, "alice", userId="alice"), "NotAllowed", reason="self")


@pytest.mark.parametrize("user", [None, "", "x" * 129, "a\x00", 7, []])
def test_what_is_no_user_id_is_named(harness: Harness, user: object) -> None:
    event = harness.event(EVENT, "alice")
    event["arguments"]["userId"] = user
    harness.refused(event, "InvalidInput", argument="userId")


def test_nobody_chooses_such_an_id(harness: Harness) -> None:
    for room in ("direct:", "direct:x", f"direct:{'0' * 40}"):
        event = harness.event("Mutation.createRoom", f"p-{uuid.uuid4()}", roomId=room)
        harness.refused(event, "NotAllowed", reason="reserved")


def test_a_room_from_before_with_such_an_id_stays_what_it_is(harness: Harness) -> None:
    from chat.rules.rooms import Room
    from chat.steps.new_room import add_room

    one, other = two()
    room = f"direct:old-{uuid.uuid4()}"
    assert add_room(harness.deployment.store, Room.parse(room), {one: "owner"}, {})
    assert by(harness, "addMember", one, roomId=room, userId=other, role="MEMBER")["notice"]
    assert harness.invoke(harness.event("Query.room", one, roomId=room))["directWith"] is None


REFUSED: dict[str, dict[str, object]] = {
    "addMember": {"userId": "carol", "role": "MEMBER"},
    "removeMember": {"userId": "{other}"},
    "banMember": {"userId": "{other}"},
    "unbanMember": {"userId": "{other}"},
    "setRole": {"userId": "{other}", "role": "OWNER"},
    "deleteRoom": {},
    "updateRoom": {"visibility": "PUBLIC", "name": None},
}


@pytest.mark.parametrize("verb", REFUSED)
def test_nobody_changes_its_people_or_rules(harness: Harness, verb: str) -> None:
    one, other = two()
    room = meet(harness, one, other)["roomId"]
    arguments = {name: other if value == "{other}" else value for name, value in REFUSED[verb].items()}
    event = harness.event(f"Mutation.{verb}", one, roomId=room, **arguments)
    harness.refused(event, "NotAllowed", reason="direct")
    event["identity"]["resolverContext"]["userId"] = "root"
    harness.refused(as_admin(event), "NotAllowed", reason="direct")
    event["identity"]["resolverContext"] |= {"userId": "carol", "roles": ""}
    harness.refused(event, "NotRoomMember")


def test_an_administrator_reads_and_keeps_order_and_does_not_come_in(harness: Harness) -> None:
    one, other = two()
    room = meet(harness, one, other)["roomId"]
    message = send(harness, room, one)
    join = as_admin(harness.event("Mutation.joinRoom", "root", roomId=room))
    harness.refused(join, "NotAllowed", reason="direct")
    mute = as_admin(harness.event("Mutation.muteMember", "root", roomId=room, userId=one))
    assert harness.invoke(mute)["notice"]["kind"] == "MEMBER_MUTED"
    removal = as_admin(
        harness.event("Mutation.removeMessage", "root", roomId=room, id=message["id"], ts=None)
    )
    assert harness.invoke(removal)["removedAt"]
    look = as_admin(harness.event("Query.room", "root", roomId=room))
    assert harness.invoke(look)["directWith"] is None


def test_neither_takes_the_others_messages_away(harness: Harness) -> None:
    one, other = two()
    room = meet(harness, one, other)["roomId"]
    message = send(harness, room, one)
    event = harness.event("Mutation.removeMessage", other, roomId=room, id=message["id"], ts=None)
    harness.refused(event, "NotAllowed", reason="role")


def test_who_leaves_is_told_of_and_comes_back_by_asking_again(harness: Harness) -> None:
    one, other = two()
    room = meet(harness, one, other)["roomId"]
    send(harness, room, one)
    left = by(harness, "leaveRoom", one, roomId=room)
    assert (left["notice"]["kind"], left["notice"]["nextEpoch"]) == ("MEMBER_LEFT", 2)
    assert refusal(send(harness, room, one)) == ("NotRoomMember", {})
    assert send(harness, room, other)["seq"] == 2
    back = meet(harness, one, other)
    assert (back["roomId"], back["memberCount"], back["me"]["joinedSeq"]) == (room, 2, 2)
    history = harness.invoke(harness.event("Query.messages", one, roomId=room))
    assert [each["seq"] for each in history["items"]] == [2, 1]


def test_the_other_is_brought_back_as_somebody_is_added(harness: Harness) -> None:
    one, other = two()
    room = meet(harness, one, other)["roomId"]
    by(harness, "leaveRoom", other, roomId=room)
    assert meet(harness, one, other)["memberCount"] == 2
    assert harness.item(room, "IN#", other)["added"] == 1
    for _ in range(2):
        by(harness, "leaveRoom", other, roomId=room)
        assert meet(harness, one, other)["memberCount"] == 2
    by(harness, "leaveRoom", other, roomId=room)
    kind, values = refusal(meet(harness, one, other))
    assert (kind, values["scope"]) == ("RateLimited", "person")


def test_both_may_leave_and_either_finds_it_again(harness: Harness) -> None:
    one, other = two()
    room = meet(harness, one, other)["roomId"]
    send(harness, room, one)
    for user in (one, other):
        assert by(harness, "leaveRoom", user, roomId=room)["notice"]["kind"] == "MEMBER_LEFT"
    again = meet(harness, other, one)
    assert (again["roomId"], again["memberCount"], again["head"]["seq"]) == (room, 2, 1)


def test_an_interrupted_leave_is_answered_again(harness: Harness) -> None:
    one, other = two()
    room = meet(harness, one, other)["roomId"]
    first, again = (by(harness, "leaveRoom", one, roomId=room)["notice"] for _ in range(2))
    assert (again["kind"], again["nextEpoch"]) == (first["kind"], first["nextEpoch"])


@pytest.mark.parametrize("blocker", [0, 1], ids=["the caller", "the other"])
def test_who_blocked_or_is_blocked_makes_none_and_is_told_what_everybody_is(
    harness: Harness, blocker: int
) -> None:
    people = two()
    by(harness, "blockUser", people[blocker], userId=people[1 - blocker])
    outcome = harness.run(harness.event(EVENT, people[0], userId=people[1]), writes=["QUOTA"])
    assert refusal(outcome) == CANNOT
    by(harness, "unblockUser", people[blocker], userId=people[1 - blocker])
    assert meet(harness, people[0], people[1])["memberCount"] == 2


@pytest.mark.parametrize("blocker", [0, 1])
def test_a_later_block_closes_it_for_both_and_tells_nobody_who(harness: Harness, blocker: int) -> None:
    people = two()
    room = meet(harness, *people)["roomId"]
    message = send(harness, room, people[0])
    by(harness, "blockUser", people[blocker], userId=people[1 - blocker])
    for user in people:
        assert refusal(send(harness, room, user)) == CLOSED
        assert refusal(by(harness, "typing", user, roomId=room)) == CLOSED
        assert refusal(by(harness, "createUpload", user, roomId=room)) == CLOSED
        assert refusal(by(harness, "pinMessage", user, roomId=room, id=message["id"])) == CLOSED
        shown = harness.invoke(harness.event("Query.room", user, roomId=room))
        assert "closed" not in str(shown)
        assert harness.invoke(harness.event("Query.messages", user, roomId=room))["items"]
    edit = by(harness, "editMessage", people[0], roomId=room, id=message["id"], text="else", ts=None)
    assert refusal(edit) == CLOSED
    event = harness.item(room, f"EVT#{3:016d}")
    assert (event["kind"], event["notices"], event.get("actorId")) == ("INTERNAL", "[]", None)
    assert meet(harness, *people)["roomId"] == room  # both are in it, and nothing is to be changed
    by(harness, "unblockUser", people[blocker], userId=people[1 - blocker])
    assert send(harness, room, people[1])["seq"] == 2


def test_it_is_open_again_when_neither_blocks_the_other(harness: Harness) -> None:
    one, other = two()
    room = meet(harness, one, other)["roomId"]
    for user, whom in ((one, other), (other, one)):
        by(harness, "blockUser", user, userId=whom)
    by(harness, "unblockUser", one, userId=other)
    assert refusal(send(harness, room, one)) == CLOSED
    by(harness, "unblockUser", other, userId=one)
    assert send(harness, room, one)["seq"] == 1
    by(harness, "unblockUser", other, userId=one)
    assert send(harness, room, other)["seq"] == 2


def test_a_message_that_was_stored_before_is_answered_after(harness: Harness) -> None:
    one, other = two()
    room = meet(harness, one, other)["roomId"]
    event = harness.event("Mutation.sendMessage", one, roomId=room, clientMessageId="once")
    first = harness.invoke(event)
    by(harness, "blockUser", other, userId=one)
    assert harness.invoke(event) == first


def test_nobody_comes_back_against_a_block(harness: Harness) -> None:
    one, other = two()
    room = meet(harness, one, other)["roomId"]
    by(harness, "leaveRoom", other, roomId=room)
    by(harness, "blockUser", other, userId=one)
    assert refusal(harness.run(harness.event(EVENT, one, userId=other), writes=[])) == CANNOT
    assert refusal(harness.run(harness.event(EVENT, other, userId=one), writes=[])) == CANNOT


def test_an_administrator_is_in_it_as_anybody(harness: Harness) -> None:
    one, other = two()
    by(harness, "blockUser", other, userId=one)
    assert refusal(harness.invoke(as_admin(harness.event(EVENT, one, userId=other)))) == CANNOT


def test_strangers_are_counted_and_rooms_of_others_too(harness: Harness) -> None:
    one, other = two()
    meet(harness, one, other)
    mine, theirs = (harness.item("lobby", "QUOTA", user) for user in (one, other))
    assert {"tat", "addTat", "ownTat"} <= mine.keys()
    assert "addedTat" in theirs
    assert "addTat" not in theirs
    by(harness, "leaveRoom", other, roomId=meet(harness, one, other)["roomId"])
    assert harness.item("lobby", "QUOTA", other)["addedTat"] < theirs["addedTat"]


def test_making_rooms_has_its_rate(harness: Harness) -> None:
    one, _ = two()
    outcomes = [meet(harness, one, f"p-{uuid.uuid4()}") for _ in range(11)]
    assert [isinstance(each, Refusal) for each in outcomes] == [False] * 10 + [True]
    assert refusal(outcomes[-1])[0] == "RateLimited"
