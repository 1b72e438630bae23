"""Mutation.heartbeat: presence, positions and occupancy in one call;
what it measures is in tests/guarantees/."""

import uuid
from typing import Any

import pytest

from chat.steps.heartbeat_request import MOST_ROOMS
from chat.steps.presence_items import HEARTBEATS
from tests.resolvers.harness import Harness

EVENT = "Mutation.heartbeat"


@pytest.fixture
def person() -> str:
    """A user whose client has sent no heartbeat yet."""
    return f"p-{uuid.uuid4().hex[:8]}"


def heartbeat_event(
    harness: Harness, person: str, *rooms: tuple[str, int], **arguments: object
) -> dict[str, Any]:
    """A heartbeat that names rooms with the client's numbers, and watches none by default."""
    named = [{"roomId": room, "seq": seq} for room, seq in rooms]
    return harness.event(EVENT, person, **{"watching": None, "rooms": named, **arguments})


def seen(harness: Harness, person: str) -> dict[str, Any]:
    (item,) = [
        each for each in harness.partition("gg_core", f"USER#{person}") if each["SK"]["S"] == "PRESENCE"
    ]
    return {name: int(value["N"]) if "N" in value else value["S"] for name, value in item.items()}


def test_the_demo_event_is_answered_with_the_heads_of_both_tables_rooms(harness: Harness) -> None:
    room, guild = harness.room(), harness.room({"alice": "owner"}, guild=True)
    harness.send(room, "one")
    rooms = [{"roomId": room, "seq": 0}, {"roomId": guild, "seq": 0}]
    answer = harness.invoke(harness.event(EVENT, rooms=rooms, watching=room))
    assert answer.pop("at").endswith("Z")
    assert answer == {
        "everySeconds": 30,
        "rooms": [
            {"roomId": room, "seq": 1, "rev": 2, "epoch": 1, "unread": 0, "unreadMentions": 0, "left": False},
            {
                "roomId": guild,
                "seq": 0,
                "rev": 1,
                "epoch": 1,
                "unread": 0,
                "unreadMentions": 0,
                "left": False,
            },
        ],
    }


def test_a_first_heartbeat_writes_the_person_where_they_are_and_what_they_have(
    harness: Harness, person: str
) -> None:
    room = harness.room({"alice": "owner", person: "member"})
    harness.send(room, "one", "two")
    event = heartbeat_event(harness, person, (room, 1), watching=room)
    answer = harness.run(event, writes=["AT", "PRESENCE", "WINDOW"])
    assert answer["rooms"][0]["unread"] == 2
    stored = harness.item(room, f"AT#ROOM#{room}", person)
    assert stored.pop("dueAt") > 0
    assert stored == {
        "PK": f"USER#{person}",
        "SK": f"AT#ROOM#{room}",
        "type": "Receipts",
        "deliveredSeq": 1,
        "dueSeq": 2,
        "judgedSeq": 2,
    }
    presence = seen(harness, person)
    assert (presence["status"], presence["watching"]) == ("online", room)
    assert presence["expiresAt"] - presence["lastSeenAt"] // 1_000 == 30 * 86_400
    assert presence["named"].endswith("00")


def test_where_nothing_has_changed_only_the_person_is_written(harness: Harness, person: str) -> None:
    room = harness.room({"alice": "owner", person: "member"})
    harness.send(room, "one")
    event = heartbeat_event(harness, person, (room, 1))
    harness.run(event, writes=["AT", "PRESENCE"])
    harness.run(event, writes=["PRESENCE"])


def test_a_bare_heartbeat_keeps_its_user_online(harness: Harness, person: str) -> None:
    answer = harness.run(harness.event(f"{EVENT}.bare", person), writes=["PRESENCE"])
    assert answer["rooms"] == []
    assert seen(harness, person)["status"] == "online"


def test_a_heartbeat_may_end_the_connection(harness: Harness, person: str) -> None:
    room = harness.room({person: "owner"})
    harness.run(heartbeat_event(harness, person, (room, 0), watching=room), writes=["PRESENCE", "WINDOW"])
    harness.run(harness.event(f"{EVENT}.offline", person), writes=["PRESENCE"])
    presence = seen(harness, person)
    assert (presence["status"], presence["named"], presence.get("watching")) == ("offline", "", None)


def test_rooms_without_membership_are_answered_as_left_and_nothing_else(
    harness: Harness, person: str
) -> None:
    theirs, left, banned = harness.room(), harness.room({"alice": "owner", person: "member"}), harness.room()
    harness.member(left, person, status="left")
    harness.member(banned, person, status="banned")
    rooms = [(theirs, 0), (left, 0), (banned, 0), ("nowhere", 0)]
    answer = harness.run(heartbeat_event(harness, person, *rooms, watching=left), writes=["PRESENCE"])
    nothing = dict.fromkeys(["seq", "rev", "epoch", "unread", "unreadMentions"])
    assert answer["rooms"] == [{"roomId": room, **nothing, "left": True} for room, _ in rooms]
    assert seen(harness, person)["named"] == ""


def test_a_stranger_is_counted_in_no_room(harness: Harness) -> None:
    event = harness.event(f"{EVENT}.not-member", f"p-{uuid.uuid4().hex[:8]}")
    answer = harness.run(event, writes=["PRESENCE"])
    assert answer["rooms"][0]["left"] is True


def test_a_room_that_is_not_adopted_yet_is_answered_as_messages_answers_it(
    harness: Harness, person: str
) -> None:
    room = "not-adopted-heartbeat"
    harness.member(room, person, status="active", role="member")
    answer = harness.run(heartbeat_event(harness, person, (room, 0)), writes=["PRESENCE"])
    assert answer["rooms"] == [
        {"roomId": room, "seq": 0, "rev": 0, "epoch": 1, "unread": 0, "unreadMentions": 0, "left": False}
    ]


def test_a_position_beyond_the_newest_message_counts_up_to_there(harness: Harness, person: str) -> None:
    room = harness.room({"alice": "owner", person: "member"})
    harness.send(room, "one")
    harness.run(heartbeat_event(harness, person, (room, 99)), writes=["AT", "PRESENCE"])
    assert harness.item(room, f"AT#ROOM#{room}", person)["deliveredSeq"] == 1


def test_fifty_rooms_are_taken_and_one_more_is_not(harness: Harness, person: str) -> None:
    rooms = [(f"nowhere-{number}", 0) for number in range(MOST_ROOMS + 1)]
    harness.refused(
        heartbeat_event(harness, person, *rooms), "InvalidInput", argument="rooms", max=MOST_ROOMS
    )
    answer = harness.run(heartbeat_event(harness, person, *rooms[:-1]), writes=["PRESENCE"])
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
def test_what_is_no_position_is_refused(harness: Harness, rooms: list[dict[str, Any]]) -> None:
    harness.refused(harness.event(EVENT, rooms=rooms), "InvalidInput", argument="rooms", max=MOST_ROOMS)


def test_one_device_that_goes_does_not_forget_anothers_rooms(harness: Harness, person: str) -> None:
    room = harness.room({"alice": "owner", person: "member"})
    harness.run(heartbeat_event(harness, person, (room, 0), deviceId="desk"), writes=["PRESENCE"])
    harness.run(harness.event(f"{EVENT}.device", person, status="OFFLINE", rooms=[]), writes=["PRESENCE"])
    harness.send(room, "one")
    harness.run(
        heartbeat_event(harness, person, (room, 1), deviceId="desk"), writes=["AT", "HOUR", "PRESENCE"]
    )
    assert harness.item(room, f"AT#ROOM#{room}", person).get("judgedSeq", 0) == 0  # noted: it is connected


@pytest.mark.parametrize("device", ["", "a phone", "a" * 129, "phone#1", 7, True, ["phone"]])
def test_what_is_no_device_id_is_refused(harness: Harness, device: object) -> None:
    harness.refused(harness.event(EVENT, deviceId=device), "InvalidInput", argument="deviceId")
    harness.refused(harness.event(f"{EVENT}.malformed-device"), "InvalidInput", argument="deviceId")


def test_malformed_arguments_are_named(harness: Harness) -> None:
    twice = harness.event(f"{EVENT}.twice-the-same-room")
    harness.refused(twice, "InvalidInput", argument="rooms", max=MOST_ROOMS)
    harness.refused(harness.event(f"{EVENT}.malformed-watching"), "InvalidInput", argument="watching")
    harness.refused(harness.event(EVENT, status="BUSY"), "InvalidInput", argument="status")
    unknown = [{"roomId": "a room", "seq": 1}]
    harness.refused(harness.event(EVENT, rooms=unknown), "InvalidInput", argument="rooms")
    undated = [{"roomId": "lobby", "seq": 1, "ts": "noon"}]
    harness.refused(harness.event(EVENT, rooms=undated), "InvalidInput", argument="ts")


def test_half_a_dozen_clients_may_come_at_once_and_no_crowd(harness: Harness, person: str) -> None:
    event = harness.event(f"{EVENT}.bare", person)
    for _ in range(HEARTBEATS.burst):
        harness.run(event, writes=["PRESENCE"])
    refusal = harness.run(event, writes=[])
    assert (refusal.error_type, refusal.values["scope"]) == ("RateLimited", "person")
    assert 0 < int(refusal.values["retryAfterMs"]) <= 5_000
