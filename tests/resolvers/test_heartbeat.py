"""Mutation.heartbeat: presence, positions and occupancy in one call; what it measures is in tests/guarantees/."""

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from chat.steps.heartbeat_request import MOST_ROOMS
from chat.steps.presence_items import HEARTBEATS

if TYPE_CHECKING:
    from tests.resolvers.conftest import Stage

EVENT = "Mutation.heartbeat"


@pytest.fixture
def person() -> str:
    """Somebody whose client was never heard of."""
    return f"p-{uuid.uuid4().hex[:8]}"


def beat(stage: "Stage", person: str, *rooms: tuple[str, int], **arguments: object) -> dict[str, Any]:
    """A heartbeat that names rooms and how far the client is in them, and watches none unless it says so."""
    named = [{"roomId": room, "seq": seq} for room, seq in rooms]
    return stage.event(EVENT, person, **{"watching": None, "rooms": named, **arguments})


def seen(stage: "Stage", person: str) -> dict[str, Any]:
    (item,) = [each for each in stage.partition("gg_core", f"USER#{person}") if each["SK"]["S"] == "PRESENCE"]
    return {name: int(value["N"]) if "N" in value else value["S"] for name, value in item.items()}


def test_the_demo_event_is_answered_with_the_heads_of_both_tables_rooms(stage: "Stage") -> None:
    room, guild = stage.room(), stage.room({"alice": "owner"}, guild=True)
    stage.send(room, "one")
    rooms = [{"roomId": room, "seq": 0}, {"roomId": guild, "seq": 0}]
    answer = stage.invoke(stage.event(EVENT, rooms=rooms, watching=room))
    assert answer.pop("at").endswith("Z")
    assert answer == {
        "everySeconds": 30,
        "rooms": [
            {"roomId": room, "seq": 1, "rev": 2, "epoch": 1, "unread": 0, "left": False},
            {"roomId": guild, "seq": 0, "rev": 1, "epoch": 1, "unread": 0, "left": False},
        ],
    }


def test_a_first_heartbeat_writes_the_person_where_they_are_and_what_they_have(
    stage: "Stage", person: str
) -> None:
    room = stage.room({"alice": "owner", person: "member"})
    stage.send(room, "one", "two")
    event = beat(stage, person, (room, 1), watching=room)
    answer = stage.act(event, writes=["AT", "PRESENCE", "WINDOW"])
    assert answer["rooms"][0]["unread"] == 2
    stored = stage.item(room, f"AT#ROOM#{room}", person)
    assert stored.pop("dueAt") > 0
    assert stored == {
        "PK": f"USER#{person}",
        "SK": f"AT#ROOM#{room}",
        "type": "Receipts",
        "deliveredSeq": 1,
        "dueSeq": 2,
        "judgedSeq": 2,
    }
    presence = seen(stage, person)
    assert (presence["status"], presence["watching"]) == ("online", room)
    assert presence["expiresAt"] - presence["lastSeenAt"] // 1_000 == 30 * 86_400
    assert presence["named"].endswith("00")


def test_where_nothing_has_changed_only_the_person_is_written(stage: "Stage", person: str) -> None:
    room = stage.room({"alice": "owner", person: "member"})
    stage.send(room, "one")
    event = beat(stage, person, (room, 1))
    stage.act(event, writes=["AT", "PRESENCE"])
    stage.act(event, writes=["PRESENCE"])


def test_a_bare_heartbeat_says_that_somebody_is_there(stage: "Stage", person: str) -> None:
    answer = stage.act(stage.event(f"{EVENT}.bare", person), writes=["PRESENCE"])
    assert answer["rooms"] == []
    assert seen(stage, person)["status"] == "online"


def test_who_goes_offline_says_so_and_is_connected_no_more(stage: "Stage", person: str) -> None:
    room = stage.room({person: "owner"})
    stage.act(beat(stage, person, (room, 0), watching=room), writes=["PRESENCE", "WINDOW"])
    stage.act(stage.event(f"{EVENT}.offline", person), writes=["PRESENCE"])
    presence = seen(stage, person)
    assert (presence["status"], presence["named"], presence.get("watching")) == ("offline", "", None)


def test_rooms_that_somebody_is_not_in_say_so_and_nothing_else(stage: "Stage", person: str) -> None:
    theirs, left, banned = stage.room(), stage.room({"alice": "owner", person: "member"}), stage.room()
    stage.member(left, person, status="left")
    stage.member(banned, person, status="banned")
    rooms = [(theirs, 0), (left, 0), (banned, 0), ("nowhere", 0)]
    answer = stage.act(beat(stage, person, *rooms, watching=left), writes=["PRESENCE"])
    nothing = dict.fromkeys(["seq", "rev", "epoch", "unread"])
    assert answer["rooms"] == [{"roomId": room, **nothing, "left": True} for room, _ in rooms]
    assert seen(stage, person)["named"] == ""


def test_a_stranger_is_counted_in_no_room(stage: "Stage") -> None:
    event = stage.event(f"{EVENT}.not-member", f"p-{uuid.uuid4().hex[:8]}")
    answer = stage.act(event, writes=["PRESENCE"])
    assert answer["rooms"][0]["left"] is True


def test_a_room_that_is_not_adopted_yet_is_told_as_messages_tell_it(stage: "Stage", person: str) -> None:
    room = "not-adopted-heartbeat"
    stage.member(room, person, status="active", role="member")
    answer = stage.act(beat(stage, person, (room, 0)), writes=["PRESENCE"])
    assert answer["rooms"] == [{"roomId": room, "seq": 0, "rev": 0, "epoch": 1, "unread": 0, "left": False}]


def test_a_position_beyond_the_newest_message_counts_up_to_there(stage: "Stage", person: str) -> None:
    room = stage.room({"alice": "owner", person: "member"})
    stage.send(room, "one")
    stage.act(beat(stage, person, (room, 99)), writes=["AT", "PRESENCE"])
    assert stage.item(room, f"AT#ROOM#{room}", person)["deliveredSeq"] == 1


def test_fifty_rooms_are_taken_and_one_more_is_not(stage: "Stage", person: str) -> None:
    rooms = [(f"nowhere-{number}", 0) for number in range(MOST_ROOMS + 1)]
    stage.refused(beat(stage, person, *rooms), "InvalidInput", argument="rooms", max=MOST_ROOMS)
    answer = stage.act(beat(stage, person, *rooms[:-1]), writes=["PRESENCE"])
    assert [each["left"] for each in answer["rooms"]] == [True] * MOST_ROOMS


@pytest.mark.parametrize(
    "rooms",
    [
        [{"roomId": "lobby", "seq": -1}],
        [{"roomId": "lobby", "seq": None}],
        [{"roomId": "lobby", "seq": True}],
        [{"roomId": "lobby", "seq": 1}, {"roomId": "lobby", "seq": 1}],
    ],
)
def test_what_is_no_position_is_refused(stage: "Stage", rooms: list[dict[str, Any]]) -> None:
    stage.refused(stage.event(EVENT, rooms=rooms), "InvalidInput", argument="rooms", max=MOST_ROOMS)


def test_malformed_arguments_are_named(stage: "Stage") -> None:
    twice = stage.event(f"{EVENT}.twice-the-same-room")
    stage.refused(twice, "InvalidInput", argument="rooms", max=MOST_ROOMS)
    stage.refused(stage.event(f"{EVENT}.malformed-watching"), "InvalidInput", argument="watching")
    stage.refused(stage.event(EVENT, status="BUSY"), "InvalidInput", argument="status")
    unknown = [{"roomId": "a room", "seq": 1}]
    stage.refused(stage.event(EVENT, rooms=unknown), "InvalidInput", argument="rooms")
    undated = [{"roomId": "lobby", "seq": 1, "ts": "noon"}]
    stage.refused(stage.event(EVENT, rooms=undated), "InvalidInput", argument="ts")


def test_half_a_dozen_clients_may_come_at_once_and_no_crowd(stage: "Stage", person: str) -> None:
    event = stage.event(f"{EVENT}.bare", person)
    for _ in range(HEARTBEATS.burst):
        stage.act(event, writes=["PRESENCE"])
    refusal = stage.act(event, writes=[])
    assert (refusal.error_type, refusal.values["scope"]) == ("RateLimited", "person")
    assert 0 < int(refusal.values["retryAfterMs"]) <= 5_000
