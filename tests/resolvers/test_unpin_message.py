"""Mutation.unpinMessage: a pin goes, with its number in the head."""

import time

from tests.resolvers.harness import Harness
from tests.resolvers.memberships import notice
from tests.resolvers.test_pin_message import PEOPLE, PINNED, pin, pins

EVENT = "Mutation.unpinMessage"


def test_a_message_is_unpinned_and_everybody_is_told(harness: Harness) -> None:
    room = harness.room(PEOPLE)
    (message,) = harness.send(room, "one")
    pin(harness, room, message)
    answer = harness.run(harness.event(EVENT, "mona", roomId=room, id=message["id"]), writes=PINNED)
    assert answer == notice(
        answer, room, "mona", 1, kind="MESSAGE_UNPINNED", messageId=message["id"], seq=1, rev=4
    )
    assert (harness.item(room, "HEAD")["pins"], pins(harness, room)) == (0, 0)
    again = harness.run(harness.event(EVENT, roomId=room, id=message["id"]), writes=[])
    assert again["notice"] == answer["notice"]


def test_one_that_has_expired_is_unpinned_too(harness: Harness) -> None:
    room = harness.room(PEOPLE)
    (message,) = harness.send(room, "one")
    pin(harness, room, message)
    harness.head(room, keptSince=int(time.time() * 1_000) + 60_000)
    answer = harness.run(harness.event(EVENT, roomId=room, id=message["id"]), writes=PINNED)
    assert answer["notice"]["seq"] == 1
    harness.refused(harness.event(EVENT, roomId=room, id=message["id"]), "InvalidInput", argument="id")


def test_who_may_not_is_told_so(harness: Harness) -> None:
    room = harness.room(PEOPLE)
    (message,) = harness.send(room, "one")
    pin(harness, room, message)
    harness.refused(harness.event(EVENT, "bob", roomId=room, id=message["id"]), "NotAllowed", reason="role")
    harness.refused(harness.event(EVENT, "carol", roomId=room, id=message["id"]), "NotRoomMember")
