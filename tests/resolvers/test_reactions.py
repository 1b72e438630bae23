"""Query.reactions: who reacts to a message, and with what, also those who have just begun to."""

from typing import Any

import pytest

from chat.rules.models import Role
from tests.resolvers.harness import Harness
from tests.resolvers.test_react import react

EVENT = "Query.reactions"
MANY: dict[str, Role] = {
    "alice": "owner",
    **dict.fromkeys(["bob", *(f"p{n:02d}" for n in range(40))], "member"),
}


def follow(harness: Harness, message: dict[str, Any], **arguments: Any) -> list[tuple[str, str]]:
    """Everybody on all pages."""
    found, token = [], None
    while True:
        given = {"roomId": message["roomId"], "id": message["id"], **arguments, "nextToken": token}
        page = harness.invoke(harness.event(EVENT, **given))
        found += [(each["userId"], each["emoji"]) for each in page["items"]]
        token = page["nextToken"]
        if token is None:
            return found


def test_whoever_has_just_reacted_is_listed_with_what_and_when(harness: Harness) -> None:
    event = harness.prepared(EVENT)
    (message,) = harness.send(event["arguments"]["roomId"], "hi")
    event["arguments"]["id"] = message["id"]
    assert harness.run(event, writes=[]) == {"items": [], "nextToken": None}
    reaction = harness.invoke(react(harness, message))
    assert harness.run(event, writes=[]) == {"items": [reaction], "nextToken": None}


def test_pages_list_everybody_once_in_the_same_order(harness: Harness) -> None:
    (message,) = harness.send(harness.room(MANY), "hi")
    wanted = set()
    for number, user in enumerate(MANY):
        for emoji in ["👍", ":party_parrot:", "#️⃣"][: number % 3 + 1]:
            harness.invoke(react(harness, message, user, emoji))
            wanted.add((user, emoji))
    whole = follow(harness, message, limit=100)
    assert len(whole) == len(wanted)
    assert set(whole) == wanted
    assert follow(harness, message, limit=1) == follow(harness, message, limit=7) == whole
    for emoji in ("👍", ":party_parrot:", "#️⃣"):
        assert follow(harness, message, limit=5, emoji=emoji) == [each for each in whole if each[1] == emoji]
    assert follow(harness, message, emoji="🎉") == []


def test_whoever_takes_it_back_is_listed_no_more(harness: Harness) -> None:
    (message,) = harness.send(harness.room(), "hi")
    harness.invoke(react(harness, message))
    harness.invoke(react(harness, message, "alice"))
    harness.invoke(react(harness, message, on=False))
    assert follow(harness, message) == [("alice", "👍")]


def test_a_cursor_is_of_its_message_and_emoji(harness: Harness) -> None:
    (message, other) = harness.send(harness.room(), "hi", "ho")
    for user in ("alice", "bob"):
        harness.invoke(react(harness, message, user))
    given = {"roomId": message["roomId"], "id": message["id"], "limit": 1}
    token = harness.invoke(harness.event(EVENT, **given))["nextToken"]
    for wrong in ({"id": other["id"]}, {"emoji": "👍"}):
        event = harness.event(EVENT, **{**given, **wrong}, nextToken=token)
        harness.refused(event, "InvalidInput", argument="nextToken")
    harness.refused(harness.event(f"{EVENT}.garbage-cursor", **given), "InvalidInput", argument="nextToken")


@pytest.mark.parametrize(
    "wrong", [{"emoji": "x"}, {"emoji": 7}, {"limit": 0}, {"limit": 101}, {"id": "1"}, {"id": None}]
)
def test_each_argument_is_checked(harness: Harness, wrong: dict[str, Any]) -> None:
    (message,) = harness.send(harness.room(), "hi")
    event = harness.event(EVENT, **{"roomId": message["roomId"], "id": message["id"], **wrong})
    outcome = harness.run(event, writes=[])
    assert (outcome.error_type, outcome.values["argument"]) == ("InvalidInput", next(iter(wrong)))


def test_whoever_is_not_in_the_room_is_told_nothing(harness: Harness) -> None:
    event = harness.prepared(f"{EVENT}.not-member")
    (message,) = harness.send(event["arguments"]["roomId"], "hi")
    event["arguments"]["id"] = message["id"]
    harness.refused(event, "NotRoomMember")


def test_an_administrator_reads_them(harness: Harness) -> None:
    (message,) = harness.send(harness.room(), "hi")
    reaction = harness.invoke(react(harness, message))
    event = harness.event(EVENT, "erin", roomId=message["roomId"], id=message["id"])
    event["identity"]["resolverContext"]["roles"] = "admin"
    assert harness.run(event, writes=[])["items"] == [reaction]


def test_of_a_removed_message_there_are_none(harness: Harness) -> None:
    (message,) = harness.send(harness.room(), "hi")
    harness.invoke(react(harness, message))
    harness.invoke(harness.event("Mutation.removeMessage", roomId=message["roomId"], id=message["id"]))
    assert follow(harness, message) == []


def test_history_from_joining_hides_those_of_before(harness: Harness) -> None:
    room = harness.room()
    (message,) = harness.send(room, "before")
    harness.invoke(react(harness, message, "alice"))
    harness.head(room, historyFrom="joining")
    harness.member(room, "bob", joinedSeq=1)
    event = harness.event(EVENT, "bob", roomId=room, id=message["id"])
    harness.refused(event, "InvalidInput", argument="id")
    assert follow(harness, message) == [("alice", "👍")]
