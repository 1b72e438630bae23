"""Query.members: who is in a room, and for those who keep order in it, who is kept out."""

import uuid
from typing import Any

import pytest

from chat.rules.models import Role
from tests.resolvers.harness import Harness

EVENT = "Query.members"
PEOPLE: dict[str, Role] = {"alice": "owner", "bob": "moderator", "carol": "member"}


def ban(harness: Harness, room: str, *users: str) -> None:
    for user in users:
        harness.invoke(harness.event("Mutation.banMember", roomId=room, userId=user))


def follow(harness: Harness, room: str, **arguments: Any) -> list[list[str]]:
    """The ids of every page, read to the end."""
    pages, token = [], None
    while True:
        page = harness.invoke(harness.event(EVENT, roomId=room, **arguments, nextToken=token))
        pages.append([each["userId"] for each in page["items"]])
        token = page["nextToken"]
        if token is None:
            return pages


def test_every_member_is_listed_with_their_role(harness: Harness) -> None:
    event = harness.prepared(EVENT)
    answer = harness.run(event, writes=[])
    assert answer == {
        "items": [
            {"userId": "alice", "role": "OWNER", "status": "ACTIVE", "mutedUntil": None, "joinedSeq": 0},
            {"userId": "bob", "role": "MEMBER", "status": "ACTIVE", "mutedUntil": None, "joinedSeq": 0},
        ],
        "nextToken": None,
    }


def test_pages_follow_one_another_in_the_order_of_ids(harness: Harness) -> None:
    people = {f"p{number:02d}": "member" for number in range(7)} | {"alice": "owner"}
    room = harness.room(people)  # type: ignore[arg-type]
    everybody = sorted(people)
    assert [user for page in follow(harness, room, limit=1) for user in page] == everybody
    assert follow(harness, room, limit=3) == [everybody[:3], everybody[3:6], everybody[6:]]
    assert follow(harness, room, limit=4) == [everybody[:4], everybody[4:]]
    assert follow(harness, room, limit=100) == [everybody]


def test_the_banned_are_listed_for_those_who_moderate(harness: Harness) -> None:
    room = harness.room(PEOPLE)
    ban(harness, room, "dora", "carol")
    event = harness.event(f"{EVENT}.banned", "bob", roomId=room)
    answer = harness.run(event, writes=[])
    assert [each["userId"] for each in answer["items"]] == ["carol", "dora"]
    assert answer["items"][0] == {
        "userId": "carol", "role": None, "status": "BANNED", "mutedUntil": None, "joinedSeq": None,
    }  # fmt: skip
    assert follow(harness, room, limit=1, status="BANNED") == [["carol"], ["dora"]]
    assert follow(harness, room) == [["alice", "bob"]]


def test_a_member_does_not_see_who_is_banned(harness: Harness) -> None:
    harness.refused(
        harness.event(f"{EVENT}.banned", "carol", roomId=harness.room(PEOPLE)), "NotAllowed", reason="role"
    )


@pytest.mark.parametrize("status", ["ACTIVE", "BANNED"])
def test_visitors_and_strangers_see_nobody(harness: Harness, status: str) -> None:
    for room in (harness.room(), harness.room(settings={"visibility": "public"}), f"r-{uuid.uuid4()}"):
        harness.refused(harness.event(EVENT, "carol", roomId=room, status=status), "NotRoomMember")


@pytest.mark.parametrize("status", ["ACTIVE", "BANNED"])
def test_an_administrator_sees_everybody(harness: Harness, status: str) -> None:
    event = harness.event(EVENT, "carol", roomId=harness.room(), status=status)
    event["identity"]["resolverContext"]["roles"] = "admin"
    assert len(harness.run(event, writes=[])["items"]) == (2 if status == "ACTIVE" else 0)


def test_a_token_is_for_the_list_that_it_came_from(harness: Harness) -> None:
    room, other = harness.room(), harness.room()
    token = harness.invoke(harness.event(EVENT, roomId=room, limit=1))["nextToken"]
    harness.refused(harness.event(EVENT, roomId=other, nextToken=token), "InvalidInput", argument="nextToken")
    banned = harness.event(f"{EVENT}.banned", roomId=room, nextToken=token)
    harness.refused(banned, "InvalidInput", argument="nextToken")
    foreign = harness.event(EVENT, roomId=room, nextToken=token[:-1] + "A")
    harness.refused(foreign, "InvalidInput", argument="nextToken")
    assert [
        each["userId"] for each in harness.invoke(harness.event(EVENT, roomId=room, nextToken=token))["items"]
    ] == ["bob"]


@pytest.mark.parametrize("limit", [0, 101, -1, "7", True])
def test_a_limit_out_of_bounds_is_named(harness: Harness, limit: object) -> None:
    event = harness.event(EVENT, roomId=harness.room(), limit=limit)
    harness.refused(event, "InvalidInput", argument="limit", max=100)


def test_null_is_the_default_and_another_status_is_named(harness: Harness) -> None:
    room = harness.room()
    event = harness.event(EVENT, roomId=room, status=None, limit=None, nextToken=None)
    assert len(harness.run(event, writes=[])["items"]) == 2
    statuses: list[object] = ["LEFT", [], 7]
    for status in statuses:
        harness.refused(harness.event(EVENT, roomId=room, status=status), "InvalidInput", argument="status")
