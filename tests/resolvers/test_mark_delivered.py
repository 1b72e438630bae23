"""Mutation.markDelivered: like markRead, for what the caller's clients have;
with a heartbeat before, it is measured."""

import uuid
from typing import Any

import pytest

from tests.resolvers.harness import Harness

EVENT = "Mutation.markDelivered"


def room_of_two(harness: Harness) -> str:
    room = harness.room()
    harness.send(room, "one", "two")
    return room


def untold(**values: object) -> dict[str, object]:
    """An answer that equals no subscription's arguments."""
    return {"roomId": None, "epoch": None, "userId": "bob", "readSeq": 0, "retryAfterMs": None} | values


def test_it_is_published_and_moves_nothing_but_what_is_delivered(harness: Harness) -> None:
    room = room_of_two(harness)
    answer = harness.run(harness.event(EVENT, roomId=room), writes=["AT"])
    assert answer == {
        "roomId": room,
        "epoch": 1,
        "userId": "bob",
        "readSeq": 0,
        "deliveredSeq": 2,
        "retryAfterMs": None,
    }
    stored = harness.item(room, f"AT#ROOM#{room}", "bob")
    assert stored.pop("toldAt") > 0
    assert stored == {"PK": "USER#bob", "SK": f"AT#ROOM#{room}", "type": "Receipts", "deliveredSeq": 2}


def test_a_smaller_number_is_a_success_that_changes_and_publishes_nothing(harness: Harness) -> None:
    room = room_of_two(harness)
    harness.run(harness.event(EVENT, roomId=room), writes=["AT"])
    assert harness.run(harness.event(EVENT, roomId=room, seq=1), writes=[]) == untold(deliveredSeq=2)


def test_marks_of_both_kinds_share_one_publishing_rate(harness: Harness) -> None:
    room = room_of_two(harness)
    harness.run(harness.event("Mutation.markRead", roomId=room, seq=1), writes=["AT"])
    answer = harness.run(harness.event(EVENT, roomId=room), writes=["AT"])
    assert answer.pop("retryAfterMs") > 0
    assert answer == {"roomId": None, "epoch": None, "userId": "bob", "readSeq": 1, "deliveredSeq": 2}


def test_what_was_read_in_private_is_not_in_the_answer(harness: Harness) -> None:
    room = room_of_two(harness)
    harness.run(harness.event("Mutation.markRead.private", roomId=room), writes=["AT"])
    answer = harness.run(harness.event(EVENT, roomId=room), writes=["AT"])
    assert (answer["roomId"], answer["readSeq"]) == (room, 0)


def test_without_a_heartbeat_before_nothing_is_measured(harness: Harness) -> None:
    room = room_of_two(harness)
    assert (
        harness.run(harness.event(f"{EVENT}.with-instant", roomId=room), writes=["AT"])["deliveredSeq"] == 1
    )


def test_between_heartbeats_the_time_of_delivery_is_measured_once(harness: Harness) -> None:
    person = f"p-{uuid.uuid4().hex[:8]}"
    room = harness.room({"alice": "owner", person: "member"})
    harness.invoke(
        harness.event("Mutation.heartbeat", person, watching=None, rooms=[{"roomId": room, "seq": 0}])
    )
    harness.send(room, "one")
    event: Any = harness.event(EVENT, person, roomId=room, seq=1)
    assert harness.run(event, writes=["AT", "HOUR"])["deliveredSeq"] == 1
    (hour,) = harness.partition("gg_core", f"LEDGER#ROOM#{room}")
    assert [value["N"] for name, value in hour.items() if name.startswith("h")] == ["1"]
    harness.run(event, writes=[])


@pytest.mark.parametrize("ts", ["yesterday", "2026-01-31", 5])
def test_an_instant_that_is_none_is_refused(harness: Harness, ts: object) -> None:
    event = harness.event(f"{EVENT}.malformed-instant", roomId=harness.room(), ts=ts)
    harness.refused(event, "InvalidInput", argument="ts")


def test_a_number_beyond_the_rooms_newest_is_refused_and_the_newest_named(harness: Harness) -> None:
    event = harness.event(f"{EVENT}.beyond-the-newest", roomId=room_of_two(harness))
    harness.refused(event, "InvalidInput", argument="seq", max=2)


def test_subscribers_would_miss_a_field_that_is_not_selected(harness: Harness) -> None:
    event = harness.event(f"{EVENT}.incomplete-selection", roomId=harness.room())
    harness.refused(event, "InvalidInput", argument="selection", missing="readSeq,deliveredSeq")


def test_strangers_and_those_who_are_out_learn_nothing(harness: Harness) -> None:
    room = room_of_two(harness)
    harness.refused(harness.event(f"{EVENT}.not-member", roomId=room), "NotRoomMember")
    for status in ("left", "banned"):
        harness.member(room, "bob", status=status)
        harness.refused(harness.event(EVENT, roomId=room, seq=9), "NotRoomMember")


def test_a_room_that_is_not_adopted_yet_says_so(harness: Harness) -> None:
    room = "not-adopted-mark-delivered"
    harness.member(room, "bob", status="active", role="member")
    harness.refused(harness.event(EVENT, roomId=room), "NotAllowed", reason="notMigrated")
