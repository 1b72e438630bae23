"""Query.pins: what is pinned, the newest pin first, as far as the caller may see it."""

import time
import uuid

from tests.resolvers.harness import Harness
from tests.resolvers.memberships import as_admin
from tests.resolvers.test_pin_message import PEOPLE, pin

EVENT = "Query.pins"


def test_the_newest_pin_comes_first_with_its_message_as_it_is_now(harness: Harness) -> None:
    room = harness.room(PEOPLE)
    assert harness.run(harness.event(EVENT, roomId=room), writes=[]) == []
    first, second, third = harness.send(room, "one", "two", "three")
    for message in (second, third, first):
        pin(harness, room, message)
    edited = harness.invoke(
        harness.event("Mutation.editMessage", roomId=room, id=third["id"], text="else", ts=None)
    )
    found = harness.run(harness.event(EVENT, "bob", roomId=room), writes=[])
    assert [each["message"] for each in found] == [first, edited, second]
    assert {each["pinnedBy"] for each in found} == {"alice"}
    assert found[0]["pinnedAt"] >= found[1]["pinnedAt"]


def test_what_has_expired_or_came_before_somebody_is_left_out(harness: Harness) -> None:
    room = harness.room(PEOPLE)
    first, second = harness.send(room, "one", "two")
    pin(harness, room, first)
    pin(harness, room, second)
    harness.member(room, "bob", joinedSeq=1)
    harness.head(room, historyFrom="joining")
    found = harness.invoke(harness.event(EVENT, "bob", roomId=room))
    assert [each["message"]["id"] for each in found] == [second["id"]]
    assert len(harness.invoke(harness.event(EVENT, roomId=room))) == 2
    harness.head(room, keptSince=int(time.time() * 1_000) + 60_000)
    assert harness.invoke(harness.event(EVENT, roomId=room)) == []


def test_who_is_not_in_the_room_sees_none(harness: Harness) -> None:
    room = harness.room(PEOPLE)
    (message,) = harness.send(room, "one")
    pin(harness, room, message)
    for where in (room, f"r-{uuid.uuid4()}"):
        harness.refused(harness.event(f"{EVENT}.not-member", roomId=where), "NotRoomMember")
    assert len(harness.run(as_admin(harness.event(EVENT, "root", roomId=room)), writes=[])) == 1
