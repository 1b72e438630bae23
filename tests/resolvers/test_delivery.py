"""Query.delivery: the ledger's hours added up, for those who keep a room in order."""

import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.resolvers.conftest import Stage

EVENT = "Query.delivery"
HOUR = int(time.time()) // 3_600


def hour(stage: "Stage", room: str, number: int, **counts: int) -> None:
    stage.change(room, f"LEDGER#ROOM#{room}", f"HOUR#{number:07d}", **counts)


def test_the_hours_are_added_up_and_the_percentiles_are_bounds(stage: "Stage") -> None:
    room = stage.room()
    hour(stage, room, HOUR, due=600, delivered=599, h100=90, h500=5, expiresAt=1)
    hour(stage, room, HOUR - 1, due=400, delivered=400, h100=3, h1000=1, h30000=1)
    hour(stage, room, HOUR - 24, due=1_000, h150000=1_000)
    answer = stage.act(stage.event(EVENT, roomId=room), writes=[])
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


def test_where_nothing_was_due_there_is_no_percentage(stage: "Stage") -> None:
    answer = stage.act(stage.event(EVENT, roomId=stage.room(), hours=None), writes=[])
    nothing = dict.fromkeys(["percent", "p50Ms", "p95Ms", "p99Ms"])
    assert {name: answer[name] for name in ("sent", "delivered", *nothing)} == {
        "sent": 0,
        "delivered": 0,
    } | nothing


def test_a_week_is_read_at_the_most(stage: "Stage") -> None:
    room = stage.room()
    for number in (HOUR - 166, HOUR - 169):
        hour(stage, room, number, due=1)
    answer = stage.act(stage.event(EVENT, roomId=room, hours=168), writes=[])
    assert answer["sent"] == 1


@pytest.mark.parametrize("hours", [0, -1, 169, True, 1.5])
def test_what_is_no_number_of_hours_is_refused(stage: "Stage", hours: Any) -> None:
    event = stage.event(f"{EVENT}.too-many-hours", roomId=stage.room(), hours=hours)
    stage.refused(event, "InvalidInput", argument="hours", max=168)


def test_owners_moderators_and_administrators_may_look(stage: "Stage") -> None:
    room = stage.room({"alice": "owner", "bob": "moderator"})
    for user in ("alice", "bob"):
        assert stage.act(stage.event(EVENT, user, roomId=room), writes=[])["roomId"] == room
    event = stage.event(EVENT, "carol", roomId=room)
    event["identity"]["resolverContext"]["roles"] = "admin"
    assert stage.act(event, writes=[])["roomId"] == room


def test_plain_members_and_strangers_may_not(stage: "Stage") -> None:
    room = stage.room()
    stage.refused(stage.event(f"{EVENT}.plain-member", roomId=room), "NotAllowed", reason="role")
    stage.refused(stage.event(f"{EVENT}.not-member", roomId=room), "NotRoomMember")
