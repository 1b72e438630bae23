"""Query.delivery: the ledger's hours added up, for those who keep a room in order."""

import time
from datetime import datetime
from typing import Any

import pytest

from tests.resolvers.harness import Harness

EVENT = "Query.delivery"
HOUR = int(time.time()) // 3_600


def hour(harness: Harness, room: str, number: int, **counts: int) -> None:
    harness.change(room, f"LEDGER#ROOM#{room}", f"HOUR#{number:07d}", **counts)


def test_the_hours_are_added_up_and_the_percentiles_are_bounds(harness: Harness) -> None:
    room = harness.room()
    hour(harness, room, HOUR, due=600, delivered=599, h100=90, h500=5, expiresAt=1)
    hour(harness, room, HOUR - 1, due=400, delivered=400, h100=3, h1000=1, h30000=1)
    hour(harness, room, HOUR - 24, due=1_000, h150000=1_000)
    answer = harness.run(harness.event(EVENT, roomId=room), writes=[])
    since = datetime.fromisoformat(answer.pop("since")).timestamp()
    assert since / 3_600 == pytest.approx(HOUR - 23, abs=1)
    assert since % 3_600 == 0
    assert answer == {
        "roomId": room,
        "sent": 1_000,
        "delivered": 999,
        "percent": 99.9,
        "p50Ms": 100,
        "p95Ms": 500,
        "p99Ms": 1_000,
    }


def test_where_nothing_was_due_there_is_no_percentage(harness: Harness) -> None:
    answer = harness.run(harness.event(EVENT, roomId=harness.room(), hours=None), writes=[])
    nothing = dict.fromkeys(["percent", "p50Ms", "p95Ms", "p99Ms"])
    assert {name: answer[name] for name in ("sent", "delivered", *nothing)} == {
        "sent": 0,
        "delivered": 0,
    } | nothing


def test_a_week_is_read_at_the_most(harness: Harness) -> None:
    room = harness.room()
    for number in (HOUR - 166, HOUR - 169):
        hour(harness, room, number, due=1)
    answer = harness.run(harness.event(EVENT, roomId=room, hours=168), writes=[])
    assert answer["sent"] == 1


@pytest.mark.parametrize("hours", [0, -1, 169, True, 1.5])
def test_what_is_no_number_of_hours_is_refused(harness: Harness, hours: Any) -> None:
    event = harness.event(f"{EVENT}.too-many-hours", roomId=harness.room(), hours=hours)
    harness.refused(event, "InvalidInput", argument="hours", max=168)


def test_owners_moderators_and_administrators_may_look(harness: Harness) -> None:
    room = harness.room({"alice": "owner", "bob": "moderator"})
    for user in ("alice", "bob"):
        assert harness.run(harness.event(EVENT, user, roomId=room), writes=[])["roomId"] == room
    event = harness.event(EVENT, "carol", roomId=room)
    event["identity"]["resolverContext"]["roles"] = "admin"
    assert harness.run(event, writes=[])["roomId"] == room


def test_plain_members_and_strangers_may_not(harness: Harness) -> None:
    room = harness.room()
    harness.refused(harness.event(f"{EVENT}.plain-member", roomId=room), "NotAllowed", reason="role")
    harness.refused(harness.event(f"{EVENT}.not-member", roomId=room), "NotRoomMember")
