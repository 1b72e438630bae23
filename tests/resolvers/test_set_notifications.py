"""Mutation.setNotifications: what somebody is notified of in a room, on all of their devices."""

from typing import Any

import pytest

from chat.operations.set_notifications import SETTING
from tests.resolvers.harness import Harness, Refusal

EVENT, FUTURE = "Mutation.setNotifications", "2100-01-01T00:00:00.000Z"


def set_level(
    harness: Harness, room: str, level: str | None, until: str | None = None, user: str = "alice"
) -> Any:
    return harness.invoke(harness.event(EVENT, user, roomId=room, level=level, mutedUntil=until))


def shown(harness: Harness, room: str, user: str = "alice") -> Any:
    page = harness.invoke(harness.event("Query.myRooms", user, limit=50))
    return next(each["notifications"] for each in page["items"] if each["room"]["roomId"] == room)


@pytest.mark.parametrize("guild", [False, True])
def test_it_is_answered_stored_and_shown(harness: Harness, guild: bool) -> None:
    user = f"u-{guild}-{id(harness)}"
    room = harness.room({user: "owner"}, guild=guild)
    assert shown(harness, room, user) == {"roomId": room, "level": None, "mutedUntil": None}
    event = harness.event(EVENT, user, roomId=room, level="MENTIONS", mutedUntil=FUTURE)
    answer = harness.run(event, writes=["AT", "NOTIFYSET"])
    assert answer == {"roomId": room, "level": "MENTIONS", "mutedUntil": FUTURE}
    assert shown(harness, room, user) == answer
    partition = room if guild else f"ROOM#{room}"
    stored = harness.item(room if guild else "lobby", f"AT#{partition}", user)
    assert (stored["notifyLevel"], stored["notifyMutedUntil"]) == ("mentions", 4_102_444_800_000)


def test_each_call_replaces_what_was_set(harness: Harness) -> None:
    room = harness.room()
    set_level(harness, room, "NONE", FUTURE)
    assert set_level(harness, room, None) == {"roomId": room, "level": None, "mutedUntil": None}
    stored = harness.item("lobby", f"AT#ROOM#{room}", "alice")
    assert not {"notifyLevel", "notifyMutedUntil"} & set(stored)


def test_receipts_stay_as_they_are(harness: Harness) -> None:
    room = harness.room()
    harness.invoke(harness.event("Mutation.sendMessage", roomId=room, text="hi", clientMessageId=None))
    harness.invoke(harness.event("Mutation.markRead", "alice", roomId=room, seq=1, private=None))
    set_level(harness, room, "ALL")
    assert harness.item("lobby", f"AT#ROOM#{room}", "alice")["lastReadSeq"] == 1
    harness.invoke(harness.event("Mutation.sendMessage", roomId=room, text="ho", clientMessageId=None))
    harness.invoke(harness.event("Mutation.markRead", "alice", roomId=room, seq=2, private=None))
    assert harness.item("lobby", f"AT#ROOM#{room}", "alice")["notifyLevel"] == "all"


def test_what_is_set_already_writes_nothing(harness: Harness) -> None:
    room = harness.room()
    set_level(harness, room, "ALL")
    event = harness.event(EVENT, roomId=room, level="ALL", mutedUntil="2020-01-01T00:00:00.000Z")
    assert harness.run(event, writes=[]) == {"roomId": room, "level": "ALL", "mutedUntil": None}


def test_who_is_not_in_the_room_sets_nothing(harness: Harness) -> None:
    room = harness.room()
    event = harness.event(EVENT, "carol", roomId=room)
    harness.refused(event, "NotRoomMember")
    event["identity"]["resolverContext"]["roles"] = "admin"
    harness.refused(event, "NotRoomMember")


def test_it_has_a_rate(harness: Harness) -> None:
    room = harness.room()
    for number in range(SETTING.burst):
        assert not isinstance(set_level(harness, room, ("ALL", "NONE")[number % 2]), Refusal)
    outcome = set_level(harness, room, None)
    assert (outcome.error_type, outcome.values["scope"]) == ("RateLimited", "person")


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        *(("level", each) for each in ["", "all", "EVERY", 7, []]),
        *(("mutedUntil", each) for each in ["", "yesterday", 7, []]),
        *(("roomId", each) for each in [None, "", "a b", 7]),
    ],
)
def test_a_bad_argument_is_named(harness: Harness, argument: str, value: object) -> None:
    event = harness.event(EVENT, roomId=harness.room())
    event["arguments"][argument] = value
    outcome = harness.run(event, writes=[])
    assert (outcome.error_type, outcome.values["argument"]) == ("InvalidInput", argument)
