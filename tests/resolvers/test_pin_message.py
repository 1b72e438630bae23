"""Mutation.pinMessage: a message is pinned once, by who may, and told to everybody."""

import time
import uuid
from typing import Any

import pytest

from chat.rules.models import Role
from chat.steps.pins import MOST_PINS
from tests.resolvers.harness import Harness
from tests.resolvers.memberships import as_admin, notice

EVENT = "Mutation.pinMessage"
PEOPLE: dict[str, Role] = {"alice": "owner", "mona": "moderator", "bob": "member"}
PINNED = ["EVT", "HEAD", "IN", "PIN"]


def pin(harness: Harness, room: str, message: dict[str, Any], user: str = "alice") -> Any:
    return harness.run(harness.event(EVENT, user, roomId=room, id=message["id"]), writes=PINNED)


def pins(harness: Harness, room: str) -> int:
    return sum(item["SK"]["S"].startswith("PIN#") for item in harness.partition("gg_core", f"ROOM#{room}"))


@pytest.mark.parametrize("user", ["alice", "mona"])
def test_owners_and_moderators_pin_and_everybody_is_told(harness: Harness, user: str) -> None:
    room = harness.room(PEOPLE)
    (message,) = harness.send(room, "one", user="bob")
    answer = pin(harness, room, message, user)
    told = notice(answer, room, user, 1, kind="MESSAGE_PINNED", messageId=message["id"], seq=1, rev=3)
    assert answer == told
    head = harness.item(room, "HEAD")
    assert (head["pins"], head["pinnedRev"], head["rev"], head["epoch"]) == (1, 3, 3, 1)
    stored = harness.item(room, "PIN#")
    assert {name: stored[name] for name in ("messageId", "seq", "pinnedBy", "rev")} == {
        "messageId": message["id"], "seq": 1, "pinnedBy": user, "rev": 3,
    }  # fmt: skip
    assert "expiresAt" not in stored
    assert harness.invoke(harness.event("Query.messages", roomId=room))["head"]["pinsRev"] == 3


def test_in_a_guilds_room_too(harness: Harness) -> None:
    event = harness.prepared(f"{EVENT}.guild")
    (message,) = harness.send(event["arguments"]["roomId"], "one")
    event["arguments"]["id"] = message["id"]
    assert harness.run(event, writes=PINNED)["notice"]["messageId"] == message["id"]


def test_one_that_is_pinned_stays_so(harness: Harness) -> None:
    room = harness.room(PEOPLE)
    (message,) = harness.send(room, "one")
    first = pin(harness, room, message)
    again = harness.run(harness.event(EVENT, "mona", roomId=room, id=message["id"]), writes=[])
    assert (again["senderId"], again["notice"]) == ("mona", first["notice"])


def test_who_may_not_is_told_so(harness: Harness) -> None:
    room = harness.room(PEOPLE)
    (message,) = harness.send(room, "one")
    event = harness.event(EVENT, "bob", roomId=room, id=message["id"])
    harness.refused(event, "NotAllowed", reason="role")
    event["identity"]["resolverContext"]["userId"] = "carol"
    harness.refused(event, "NotRoomMember")
    harness.refused(as_admin(event), "NotRoomMember")


def test_both_pin_in_a_direct_room(harness: Harness) -> None:
    one, other = f"a-{uuid.uuid4()}", f"b-{uuid.uuid4()}"
    room = harness.invoke(harness.event("Mutation.direct", one, userId=other))["roomId"]
    first, second = harness.send(room, "one", "two", user=one)
    assert pin(harness, room, first, other)["notice"]["seq"] == 1
    assert pin(harness, room, second, one)["notice"]["seq"] == 2


def test_who_is_muted_may_not_and_it_counts_as_a_message(harness: Harness) -> None:
    room = harness.room(PEOPLE, settings={"personPerSecond": 0.001, "personBurst": 2})
    (message,) = harness.send(room, "one", user="mona")
    pin(harness, room, message, "mona")
    harness.invoke(harness.event("Mutation.unpinMessage", "alice", roomId=room, id=message["id"]))
    outcome = harness.run(harness.event(EVENT, "mona", roomId=room, id=message["id"]), writes=[])
    assert outcome.error_type == "RateLimited"
    harness.member(room, "mona", mutedUntil=4_102_444_800_000)
    event = harness.event(EVENT, "mona", roomId=room, id=message["id"])
    harness.refused(event, "Muted", until="2100-01-01T00:00:00.000Z")


def test_a_removed_message_is_not_pinned(harness: Harness) -> None:
    room = harness.room(PEOPLE)
    (message,) = harness.send(room, "one")
    harness.invoke(harness.event("Mutation.removeMessage", roomId=room, id=message["id"], ts=None))
    harness.refused(harness.event(EVENT, roomId=room, id=message["id"]), "NotAllowed", reason="removed")


@pytest.mark.parametrize("message_id", ["x", "", None, 7, "018bcfe5-6800-7963-a8b1-974368d5fa74", "x" * 251])
def test_what_is_no_message_of_the_room_is_named(harness: Harness, message_id: object) -> None:
    event = harness.event(EVENT, roomId=harness.room(PEOPLE))
    event["arguments"]["id"] = message_id
    harness.refused(event, "InvalidInput", argument="id")


def test_a_selection_without_the_message_is_refused(harness: Harness, publishing: str) -> None:
    event = harness.event(f"{EVENT}.incomplete-selection", roomId=harness.room(PEOPLE))
    if publishing == "sender":
        harness.refused(event, "InvalidInput", argument="selection", missing="notice/messageId,notice/seq")


def test_a_removal_unpins_in_its_transaction(harness: Harness) -> None:
    room = harness.room(PEOPLE)
    first, second = harness.send(room, "one", "two")
    pin(harness, room, first)
    pin(harness, room, second)
    event = harness.event("Mutation.removeMessage", roomId=room, id=first["id"], ts=None)
    harness.run(event, writes=["CHG", "HEAD", "MSG", "PIN"])
    head = harness.item(room, "HEAD")
    assert (head["pins"], head["pinnedRev"], pins(harness, room)) == (1, head["rev"], 1)
    assert [each["message"]["id"] for each in harness.invoke(harness.event("Query.pins", roomId=room))] == [
        second["id"]
    ]


def test_beyond_the_most_one_has_to_go_first_and_what_has_expired_does(harness: Harness) -> None:
    room = harness.room(PEOPLE)
    messages = harness.send(room, *(f"m{number}" for number in range(MOST_PINS + 1)))
    for message in messages[:-1]:
        assert harness.invoke(harness.event(EVENT, roomId=room, id=message["id"]))["notice"]
    event = harness.event(EVENT, roomId=room, id=messages[-1]["id"])
    harness.refused(event, "NotAllowed", reason="tooManyPins", max=MOST_PINS)
    for item in harness.partition("gg_core", f"ROOM#{room}"):
        if item["SK"]["S"].startswith("PIN#") and item["SK"]["S"].endswith(
            (messages[0]["id"], messages[1]["id"])
        ):
            harness.change(room, f"ROOM#{room}", item["SK"]["S"], messageUntil=int(time.time()) - 60)
    harness.run(event, writes=[*PINNED, "PIN", "PIN"])
    assert harness.item(room, "HEAD")["pins"] == pins(harness, room) == MOST_PINS - 1


def test_in_an_archived_room_nothing_is_pinned(harness: Harness) -> None:
    room = harness.room(PEOPLE)
    (message,) = harness.send(room, "one")
    harness.head(room, archivedAt=1)
    harness.refused(harness.event(EVENT, roomId=room, id=message["id"]), "NotAllowed", reason="archived")
