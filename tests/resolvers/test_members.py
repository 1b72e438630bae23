"""Query.members: who is in a room, and for those who keep order in it, who is kept out."""

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from chat.rules.models import Role

if TYPE_CHECKING:
    from tests.resolvers.conftest import Stage

EVENT = "Query.members"
PEOPLE: dict[str, Role] = {"alice": "owner", "bob": "moderator", "carol": "member"}


def ban(stage: "Stage", room: str, *users: str) -> None:
    for user in users:
        stage.invoke(stage.event("Mutation.banMember", roomId=room, userId=user))


def follow(stage: "Stage", room: str, **arguments: Any) -> list[list[str]]:
    """The ids of every page, read to the end."""
    pages, token = [], None
    while True:
        page = stage.invoke(stage.event(EVENT, roomId=room, **arguments, nextToken=token))
        pages.append([each["userId"] for each in page["items"]])
        token = page["nextToken"]
        if token is None:
            return pages


def test_everybody_in_the_room_is_told_as_what(stage: "Stage") -> None:
    event = stage.staged(EVENT)
    answer = stage.act(event, writes=[])
    assert answer == {
        "items": [
            {"userId": "alice", "role": "OWNER", "status": "ACTIVE", "mutedUntil": None, "joinedSeq": 0},
            {"userId": "bob", "role": "MEMBER", "status": "ACTIVE", "mutedUntil": None, "joinedSeq": 0},
        ],
        "nextToken": None,
    }


def test_pages_follow_one_another_in_the_order_of_ids(stage: "Stage") -> None:
    people = {f"p{number:02d}": "member" for number in range(7)} | {"alice": "owner"}
    room = stage.room(people)  # type: ignore[arg-type]
    everybody = sorted(people)
    assert [user for page in follow(stage, room, limit=1) for user in page] == everybody
    assert follow(stage, room, limit=3) == [everybody[:3], everybody[3:6], everybody[6:]]
    assert follow(stage, room, limit=4) == [everybody[:4], everybody[4:]]
    assert follow(stage, room, limit=100) == [everybody]


def test_the_banned_are_told_to_those_who_keep_order(stage: "Stage") -> None:
    room = stage.room(PEOPLE)
    ban(stage, room, "dora", "carol")
    event = stage.event(f"{EVENT}.banned", "bob", roomId=room)
    answer = stage.act(event, writes=[])
    assert [each["userId"] for each in answer["items"]] == ["carol", "dora"]
    assert answer["items"][0] == {
        "userId": "carol", "role": None, "status": "BANNED", "mutedUntil": None, "joinedSeq": None,
    }  # fmt: skip
    assert follow(stage, room, limit=1, status="BANNED") == [["carol"], ["dora"]]
    assert follow(stage, room) == [["alice", "bob"]]


def test_a_member_does_not_hear_who_is_banned(stage: "Stage") -> None:
    stage.refused(
        stage.event(f"{EVENT}.banned", "carol", roomId=stage.room(PEOPLE)), "NotAllowed", reason="role"
    )


@pytest.mark.parametrize("status", ["ACTIVE", "BANNED"])
def test_visitors_and_strangers_see_nobody(stage: "Stage", status: str) -> None:
    for room in (stage.room(), stage.room(settings={"visibility": "public"}), f"r-{uuid.uuid4()}"):
        stage.refused(stage.event(EVENT, "carol", roomId=room, status=status), "NotRoomMember")


@pytest.mark.parametrize("status", ["ACTIVE", "BANNED"])
def test_an_administrator_sees_everybody(stage: "Stage", status: str) -> None:
    event = stage.event(EVENT, "carol", roomId=stage.room(), status=status)
    event["identity"]["resolverContext"]["roles"] = "admin"
    assert len(stage.act(event, writes=[])["items"]) == (2 if status == "ACTIVE" else 0)


def test_a_token_is_for_the_list_that_it_came_from(stage: "Stage") -> None:
    room, other = stage.room(), stage.room()
    token = stage.invoke(stage.event(EVENT, roomId=room, limit=1))["nextToken"]
    stage.refused(stage.event(EVENT, roomId=other, nextToken=token), "InvalidInput", argument="nextToken")
    banned = stage.event(f"{EVENT}.banned", roomId=room, nextToken=token)
    stage.refused(banned, "InvalidInput", argument="nextToken")
    foreign = stage.event(EVENT, roomId=room, nextToken=token[:-1] + "A")
    stage.refused(foreign, "InvalidInput", argument="nextToken")
    assert [
        each["userId"] for each in stage.invoke(stage.event(EVENT, roomId=room, nextToken=token))["items"]
    ] == ["bob"]


@pytest.mark.parametrize("limit", [0, 101, -1, "7", True])
def test_a_limit_out_of_bounds_is_named(stage: "Stage", limit: object) -> None:
    event = stage.event(EVENT, roomId=stage.room(), limit=limit)
    stage.refused(event, "InvalidInput", argument="limit", max=100)


def test_null_is_the_default_and_another_status_is_named(stage: "Stage") -> None:
    room = stage.room()
    event = stage.event(EVENT, roomId=room, status=None, limit=None, nextToken=None)
    assert len(stage.act(event, writes=[])["items"]) == 2
    statuses: list[object] = ["LEFT", [], 7]
    for status in statuses:
        stage.refused(stage.event(EVENT, roomId=room, status=status), "InvalidInput", argument="status")
