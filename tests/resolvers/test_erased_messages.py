"""What is answered of a message whose sender was erased: that it was, wherever messages and quotes are read."""

from collections.abc import Mapping
from typing import Any

import pytest

from chat.rules.erasure import ERASED_SENDER
from chat.storage.event_items import ERASED
from tests.resolvers.harness import Harness

PAGES = ("messages", "changes", "around", "messagesById")


def erase(harness: Harness, room: str, message: Mapping[str, Any]) -> None:
    """As an erasure leaves its item."""
    partition = f"ROOM#{room}"
    (sort_key,) = (
        item["SK"]["S"]
        for item in harness.partition("gg_core", partition)
        if item["SK"]["S"].endswith(message["id"]) and item.get("senderId") == {"S": message["senderId"]}
    )
    changes: dict[str, Any] = {"senderId": ERASED_SENDER, ERASED: 1, "removedAt": 1_800_000_000_000}
    harness.change(room, partition, sort_key, **changes)


def read(harness: Harness, field: str, room: str, message_id: str) -> list[dict[str, Any]]:
    given: dict[str, dict[str, Any]] = {
        "messages": {"order": "OLDEST_FIRST", "after": None, "before": None, "nextToken": None},
        "changes": {"since": 0, "after": None, "nextToken": None},
        "around": {"id": message_id},
        "messagesById": {"ids": [message_id]},
    }
    event = harness.event(f"Query.{field}", "alice", roomId=room, **given[field])
    event["info"]["selectionSetGraphQL"] = None
    answer = harness.invoke(event)
    return list(answer if field == "messagesById" else answer["items"])


@pytest.mark.parametrize("field", PAGES)
def test_a_message_says_that_its_sender_was_erased(harness: Harness, field: str) -> None:
    room = harness.room({"alice": "owner", "bob": "member"})
    (first,) = harness.send(room, "first", user="bob")
    (second,) = harness.send(room, "second")
    assert [each["erased"] for each in (first, second)] == [None, None]
    erase(harness, room, first)
    found = {each["id"]: each["erased"] for each in read(harness, field, room, first["id"])}
    assert found == {first["id"]: True} | ({} if field == "messagesById" else {second["id"]: None})


def test_a_quote_says_it_too(harness: Harness) -> None:
    room = harness.room({"alice": "owner", "bob": "member"})
    first, other = harness.send(room, "first", "other", user="bob")
    for to in (first, other):
        harness.invoke(
            harness.event(
                "Mutation.sendMessage", roomId=room, text="so", clientMessageId=to["id"], replyTo=to["id"]
            )
        )
    erase(harness, room, first)
    quotes = [each["quote"] for each in read(harness, "messages", room, first["id"]) if each["quote"]]
    assert [(each["id"], each["erased"]) for each in quotes] == [(first["id"], True), (other["id"], None)]
