"""Query.messagesById: single messages, as they are now, to whoever may see them."""

import time
from typing import Any

import pytest

from chat.rules.identifiers import uuid7
from tests.resolvers.harness import Harness
from tests.resolvers.memberships import as_admin

EVENT = "Query.messagesById"
NO_ID = uuid7(1_700_000_000_000)


def found(harness: Harness, room: str, ids: list[str], user: str = "alice") -> list[dict[str, Any]]:
    answer: list[dict[str, Any]] = harness.run(harness.event(EVENT, user, roomId=room, ids=ids), writes=[])
    return answer


def test_messages_come_in_the_order_asked_for_and_each_once(harness: Harness) -> None:
    room = harness.room()
    first, second, third = harness.send(room, "one", "two", "three")
    ids = [third["id"], first["id"], NO_ID, third["id"], second["id"]]
    assert found(harness, room, ids) == [third, first, second]
    assert found(harness, room, []) == []


def test_a_hundred_are_found_at_once(harness: Harness) -> None:
    room = harness.room()
    (message,) = harness.send(room, "one")
    ids = [*(uuid7(1_700_000_000_000 + each) for each in range(99)), message["id"]]
    assert found(harness, room, ids) == [message]


def test_in_a_guilds_room_too(harness: Harness) -> None:
    room = harness.room({"alice": "owner"}, guild=True)
    (message,) = harness.send(room, "one")
    assert found(harness, room, [message["id"]]) == [message]


def test_one_is_answered_as_it_is_now(harness: Harness) -> None:
    room = harness.room()
    first, second = harness.send(room, "one", "two")
    edited = harness.invoke(
        harness.event("Mutation.editMessage", roomId=room, id=first["id"], text="else", ts=None)
    )
    removed = harness.invoke(harness.event("Mutation.removeMessage", roomId=room, id=second["id"], ts=None))
    assert removed["text"] is None
    assert found(harness, room, [first["id"], second["id"]], "bob") == [edited, removed]


def test_one_that_has_expired_is_left_out(harness: Harness) -> None:
    room = harness.room()
    first, second = harness.send(room, "one", "two")
    ids = [first["id"], second["id"]]
    sort_key = next(
        item["SK"]["S"]
        for item in harness.partition("gg_core", f"ROOM#{room}")
        if item["SK"]["S"].endswith(first["id"])
    )
    harness.change(room, f"ROOM#{room}", sort_key, expiresAt=int(time.time()) - 60)
    assert found(harness, room, ids) == [second]
    harness.head(room, keptSince=int(time.time() * 1_000) + 60_000)
    assert found(harness, room, ids) == []


def test_what_came_before_somebody_joined_is_left_out_where_the_room_says_so(harness: Harness) -> None:
    room = harness.room()
    first, second = harness.send(room, "one", "two")
    ids = [first["id"], second["id"]]
    harness.member(room, "bob", joinedSeq=1)
    assert found(harness, room, ids, "bob") == [first, second]
    harness.head(room, historyFrom="joining")
    assert found(harness, room, ids, "bob") == [second]
    assert found(harness, room, ids) == [first, second]
    admin = as_admin(harness.event(EVENT, "bob", roomId=room, ids=ids))
    assert harness.run(admin, writes=[]) == [first, second]


def test_another_rooms_message_is_not_found_here(harness: Harness) -> None:
    (message,) = harness.send(harness.room(), "one")
    assert found(harness, harness.room(), [message["id"]]) == []


def test_an_id_from_before_tells_no_instant_and_finds_nothing(harness: Harness) -> None:
    assert found(harness, harness.room(), ["legacy 7", "x" * 250]) == []


def test_who_is_not_in_the_room_gets_none(harness: Harness) -> None:
    room = harness.room()
    (message,) = harness.send(room, "one")
    harness.refused(harness.event(f"{EVENT}.not-member", roomId=room, ids=[message["id"]]), "NotRoomMember")
    assert as_admin(harness.event(EVENT, "root", roomId=room, ids=[message["id"]]))
    admin = as_admin(harness.event(EVENT, "root", roomId=room, ids=[message["id"]]))
    assert harness.run(admin, writes=[]) == [message]


@pytest.mark.parametrize(
    "ids", [None, "x", {}, [7], [None], [""], ["x" * 251], ["\ud800"], ["a\x00"], [["a"]]]
)
def test_what_are_no_ids_are_named(harness: Harness, ids: object) -> None:
    event = harness.event(EVENT, roomId=harness.room())
    event["arguments"]["ids"] = ids
    harness.refused(event, "InvalidInput", argument="ids", max=100)


def test_more_than_a_hundred_are_too_many(harness: Harness) -> None:
    event = harness.event(f"{EVENT}.too-many", roomId=harness.room())
    harness.refused(event, "InvalidInput", argument="ids", max=100)
