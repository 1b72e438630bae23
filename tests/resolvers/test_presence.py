"""Query.presence: the people of small rooms, and for all rooms how many have them open."""

import time
import uuid
from typing import Any

import pytest

from chat.rules.models import Role
from chat.steps.presence_items import OFFLINE_AFTER_MS
from chat.steps.receipt_items import SMALL_ROOM_MEMBERS
from tests.resolvers.harness import Harness

EVENT = "Query.presence"


@pytest.fixture
def people() -> dict[str, Role]:
    """Three people whose clients were never heard of, in the order of their ids."""
    stem = uuid.uuid4().hex[:8]
    return {f"{stem}-a": "owner", f"{stem}-b": "member", f"{stem}-c": "member"}


def beat(harness: Harness, person: str, **arguments: object) -> None:
    event = harness.event("Mutation.heartbeat.bare", person, **arguments)
    assert harness.invoke(event)["everySeconds"] == 30


def seen(harness: Harness, person: str, **changes: int | str) -> None:
    harness.change("lobby", f"USER#{person}", "PRESENCE", **changes)


def asked(harness: Harness, room: str, user: str) -> dict[str, Any]:
    answer: dict[str, Any] = harness.run(harness.event(EVENT, user, roomId=room), writes=[])
    return answer


def test_the_people_are_told_with_what_they_say_of_themselves(
    harness: Harness, people: dict[str, Role]
) -> None:
    room = harness.room(people)
    here, away, absent = people
    beat(harness, here, watching=room)
    beat(harness, away, status="AWAY")
    answer = asked(harness, room, here)
    told = answer.pop("people")
    assert answer == {"roomId": room, "online": 2, "watching": 1}
    assert [(each["userId"], each["status"]) for each in told] == [
        (here, "ONLINE"),
        (away, "AWAY"),
        (absent, "OFFLINE"),
    ]
    assert [each["lastSeenAt"] is None for each in told] == [False, False, True]


def test_who_was_not_heard_of_for_seventy_five_seconds_is_offline_and_was_seen(
    harness: Harness, people: dict[str, Role]
) -> None:
    room = harness.room(people)
    here, other, _ = people
    beat(harness, here)
    beat(harness, other)
    now = time.time_ns() // 1_000_000
    seen(harness, here, lastSeenAt=now - OFFLINE_AFTER_MS - 10_000)
    seen(harness, other, lastSeenAt=now - OFFLINE_AFTER_MS + 10_000)
    told = asked(harness, room, here)["people"]
    assert [each["status"] for each in told] == ["OFFLINE", "ONLINE", "OFFLINE"]
    assert told[0]["lastSeenAt"] is not None


def test_who_said_that_they_go_is_offline_at_once(harness: Harness, people: dict[str, Role]) -> None:
    room, person = harness.room(people), next(iter(people))
    beat(harness, person)
    beat(harness, person, status="OFFLINE")
    assert asked(harness, room, person)["online"] == 0


def test_an_instant_far_ahead_is_of_a_clock_that_jumped_and_says_nothing(
    harness: Harness, people: dict[str, Role]
) -> None:
    room, person = harness.room(people), next(iter(people))
    beat(harness, person)
    seen(harness, person, lastSeenAt=time.time_ns() // 1_000_000 + 3_600_000)
    assert asked(harness, room, person)["people"][0]["status"] == "OFFLINE"
    beat(harness, person)
    assert asked(harness, room, person)["people"][0]["status"] == "ONLINE"


def test_what_has_expired_is_gone_though_it_is_still_stored(
    harness: Harness, people: dict[str, Role]
) -> None:
    room, person = harness.room(people), next(iter(people))
    beat(harness, person)
    seen(harness, person, expiresAt=1)
    assert asked(harness, room, person)["people"][0] == {
        "userId": person,
        "status": "OFFLINE",
        "lastSeenAt": None,
    }


def test_somebody_is_counted_once_however_often_their_clients_say_it(
    harness: Harness, people: dict[str, Role]
) -> None:
    room, person = harness.room(people), next(iter(people))
    for _ in range(3):
        beat(harness, person, watching=room)
    # Where a half minute begins in between, each of the two has one.
    assert asked(harness, room, person)["watching"] == 1


def test_of_a_room_with_more_than_a_hundred_only_the_count_of_onlookers_is_told(
    harness: Harness, people: dict[str, Role]
) -> None:
    room = harness.room(people)
    beat(harness, next(iter(people)), watching=room)
    harness.roster(room, *(f"m{number}" for number in range(SMALL_ROOM_MEMBERS - len(people))))
    assert len(asked(harness, room, next(iter(people)))["people"]) == SMALL_ROOM_MEMBERS
    harness.roster(room, "one-more")
    assert asked(harness, room, next(iter(people))) == {
        "roomId": room,
        "people": None,
        "online": None,
        "watching": 1,
    }


def test_a_guilds_room_is_counted_in_the_guilds_table_and_its_people_in_theirs(
    harness: Harness, people: dict[str, Role]
) -> None:
    room, person = harness.room(people, guild=True), next(iter(people))
    beat(harness, person, watching=room)
    answer = harness.run(harness.event(f"{EVENT}.guild", person, roomId=room), writes=[])
    assert (answer["watching"], answer["online"]) == (1, 1)


def test_strangers_learn_nothing_and_administrators_look(harness: Harness, people: dict[str, Role]) -> None:
    room = harness.room(people)
    event = harness.event(f"{EVENT}.not-member", roomId=room)
    harness.refused(event, "NotRoomMember")
    event["identity"]["resolverContext"]["roles"] = "admin"
    assert len(harness.run(event, writes=[])["people"]) == len(people)


def test_a_public_rooms_visitors_do_not_look(harness: Harness) -> None:
    room = harness.room(settings={"visibility": "public"})
    harness.refused(harness.event(EVENT, "carol", roomId=room), "NotRoomMember")
