"""Query.myReactions: with what the caller reacts to some messages."""

from typing import Any

import pytest

from tests.resolvers.harness import Harness
from tests.resolvers.test_react import react

EVENT = "Query.myReactions"


def ask(harness: Harness, room: str, *ids: str, user: str = "bob") -> Any:
    return harness.run(harness.event(EVENT, user, roomId=room, ids=list(ids)), writes=[])


def test_of_each_message_what_one_reacts_with_oneself(harness: Harness) -> None:
    event = harness.prepared(EVENT)
    room = event["arguments"]["roomId"]
    one, two, three = harness.send(room, "one", "two", "three")
    for message, user, emoji in (
        (one, "alice", "👍"),
        (one, "alice", "#️⃣"),
        (two, "bob", "👍"),
        (three, "alice", "🎉"),
    ):
        harness.invoke(react(harness, message, user, emoji))
    harness.invoke(react(harness, three, "alice", "🎉", on=False))
    event["arguments"]["ids"] = [two["id"], one["id"], three["id"], one["id"]]
    (answer,) = harness.run(event, writes=[])
    assert (answer["id"], sorted(answer["emoji"])) == (one["id"], sorted(["👍", "#️⃣"]))
    assert ask(harness, room, one["id"], two["id"]) == [{"id": two["id"], "emoji": ["👍"]}]


def test_what_is_no_message_is_left_out(harness: Harness) -> None:
    room = harness.room()
    assert ask(harness, room) == []
    assert ask(harness, room, "1", "", "01890a5d-ac96-774b-bcce-b302099a8057", "x" * 300) == []


def test_a_hundred_messages_are_looked_at_and_no_more(harness: Harness) -> None:
    room = harness.room()
    (message,) = harness.send(room, "hi")
    harness.invoke(react(harness, message))
    ids = [f"01890a5d-ac96-774b-bcce-{number:012d}" for number in range(99)]
    assert ask(harness, room, *ids, message["id"]) == [{"id": message["id"], "emoji": ["👍"]}]
    event = harness.event(EVENT, "bob", roomId=room, ids=[*ids, message["id"], "1"])
    harness.refused(event, "InvalidInput", argument="ids", max=100)


@pytest.mark.parametrize("ids", [None, "1", [1], [None], {}])
def test_ids_are_texts(harness: Harness, ids: object) -> None:
    event = harness.event(EVENT, "bob", roomId=harness.room(), ids=ids)
    harness.refused(event, "InvalidInput", argument="ids", max=100)


def test_whoever_is_not_in_the_room_is_told_nothing(harness: Harness) -> None:
    harness.refused(harness.prepared(f"{EVENT}.not-member"), "NotRoomMember")


def test_nothing_is_told_of_removed_expired_and_hidden_messages(harness: Harness) -> None:
    room = harness.room()
    removed, hidden, kept = harness.send(room, "removed", "hidden", "kept")
    for message in (removed, hidden, kept):
        harness.invoke(react(harness, message))
    harness.invoke(harness.event("Mutation.removeMessage", roomId=room, id=removed["id"]))
    every = [each["id"] for each in (removed, hidden, kept)]
    assert [each["id"] for each in ask(harness, room, *every)] == [hidden["id"], kept["id"]]
    harness.head(room, historyFrom="joining")
    harness.member(room, "bob", joinedSeq=2)
    assert [each["id"] for each in ask(harness, room, *every)] == [kept["id"]]
