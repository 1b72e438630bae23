"""Query.around: the history on both sides of a message, whose tokens go on in `messages`."""

import time
from typing import Any

import pytest

from chat.rules.identifiers import uuid7
from tests.resolvers.harness import Harness
from tests.resolvers.memberships import as_admin

EVENT = "Query.around"


def followed(harness: Harness, room: str, token: str | None, order: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while token is not None:
        page = harness.invoke(
            harness.event("Query.messages", roomId=room, order=order, nextToken=token, limit=3)
        )
        found += page["items"]
        token = page["nextToken"]
    return found


def whole(harness: Harness, room: str, answer: dict[str, Any]) -> list[dict[str, Any]]:
    """All that the answer and its tokens lead to, oldest first."""
    older = followed(harness, room, answer["olderToken"], "NEWEST_FIRST")
    return [*older[::-1], *answer["items"], *followed(harness, room, answer["newerToken"], "OLDEST_FIRST")]


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 7, 100])
def test_the_tokens_go_on_with_nothing_left_out_and_nothing_twice(harness: Harness, limit: int) -> None:
    room = harness.room()
    sent = harness.send(room, *(f"m{number}" for number in range(9)))
    for place, message in enumerate(sent):
        answer = harness.run(harness.event(EVENT, roomId=room, id=message["id"], limit=limit), writes=[])
        shown = [each["seq"] for each in answer["items"]]
        assert shown == list(range(max(0, place - limit // 2) + 1, min(9, place + limit - limit // 2) + 1))
        assert whole(harness, room, answer) == sent
        assert answer["head"]["seq"] == 9


@pytest.mark.parametrize("how", ["removed", "expired"])
def test_of_one_that_is_not_there_any_more_it_is_the_place(harness: Harness, how: str) -> None:
    room = harness.room()
    sent = harness.send(room, *(f"m{number}" for number in range(7)))
    target = sent[3]
    sort_key = next(
        item["SK"]["S"]
        for item in harness.partition("gg_core", f"ROOM#{room}")
        if item["SK"]["S"].endswith(target["id"])
    )
    if how == "removed":
        event = harness.event("Mutation.removeMessage", roomId=room, id=target["id"], ts=None)
        sent[3] = harness.invoke(event)
    else:
        harness.change(room, f"ROOM#{room}", sort_key, expiresAt=int(time.time()) - 60)
    wanted = sent if how == "removed" else [*sent[:3], *sent[4:]]
    answer = harness.invoke(harness.event(EVENT, roomId=room, id=target["id"], limit=4))
    assert [each["seq"] for each in answer["items"]] == ([2, 3, 4, 5] if how == "removed" else [2, 3, 5, 6])
    assert whole(harness, room, answer) == wanted


def test_a_place_before_and_after_all_messages(harness: Harness) -> None:
    room = harness.room()
    sent = harness.send(room, "one", "two")
    before = harness.invoke(harness.event(EVENT, roomId=room, id=uuid7(1_700_000_000_000), limit=4))
    assert (before["items"], before["olderToken"]) == (sent, None)
    after = harness.invoke(harness.event(EVENT, roomId=room, id=uuid7(4_000_000_000_000), limit=4))
    assert (after["items"], after["newerToken"]) == (sent, None)


def test_an_empty_room_has_no_sides(harness: Harness) -> None:
    answer = harness.invoke(harness.event(EVENT, roomId=harness.room()))
    assert (answer["items"], answer["olderToken"], answer["newerToken"]) == ([], None, None)


def test_who_is_not_in_the_room_gets_nothing(harness: Harness) -> None:
    room = harness.room()
    (message,) = harness.send(room, "one")
    harness.refused(harness.event(EVENT, "carol", roomId=room, id=message["id"]), "NotRoomMember")
    admin = as_admin(harness.event(EVENT, "root", roomId=room, id=message["id"]))
    assert harness.run(admin, writes=[])["items"] == [message]


@pytest.mark.parametrize("message_id", ["x", "", None, 7, "x" * 251])
def test_what_is_no_id_is_named(harness: Harness, message_id: object) -> None:
    event = harness.event(f"{EVENT}.malformed-id", roomId=harness.room())
    event["arguments"]["id"] = message_id
    harness.refused(event, "InvalidInput", argument="id")


@pytest.mark.parametrize("limit", [0, 101, "7", True])
def test_a_limit_that_is_none_is_refused(harness: Harness, limit: object) -> None:
    event = harness.event(EVENT, roomId=harness.room(), limit=limit)
    harness.refused(event, "InvalidInput", argument="limit", max=100)
