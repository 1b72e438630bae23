"""Query.presence: the people of small rooms, and for all rooms how many have them open."""

import time
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from chat.rules.models import Role
from chat.steps.presence_items import OFFLINE_AFTER_MS
from chat.steps.receipt_items import SMALL_ROOM_MEMBERS

if TYPE_CHECKING:
    from tests.resolvers.conftest import Stage

EVENT = "Query.presence"


@pytest.fixture
def people() -> dict[str, Role]:
    """Three people whose clients were never heard of, in the order of their ids."""
    stem = uuid.uuid4().hex[:8]
    return {f"{stem}-a": "owner", f"{stem}-b": "member", f"{stem}-c": "member"}


def beat(stage: "Stage", person: str, **arguments: object) -> None:
    event = stage.event("Mutation.heartbeat.bare", person, **arguments)
    assert stage.invoke(event)["everySeconds"] == 30


def seen(stage: "Stage", person: str, **changes: int | str) -> None:
    stage.change("lobby", f"USER#{person}", "PRESENCE", **changes)


def asked(stage: "Stage", room: str, user: str) -> dict[str, Any]:
    answer: dict[str, Any] = stage.act(stage.event(EVENT, user, roomId=room), writes=[])
    return answer


def test_the_people_are_told_with_what_they_say_of_themselves(
    stage: "Stage", people: dict[str, Role]
) -> None:
    room = stage.room(people)
    here, away, absent = people
    beat(stage, here, watching=room)
    beat(stage, away, status="AWAY")
    answer = asked(stage, room, here)
    told = answer.pop("people")
    assert answer == {"roomId": room, "online": 2, "watching": 1}
    assert [(each["userId"], each["status"]) for each in told] == [
        (here, "ONLINE"),
        (away, "AWAY"),
        (absent, "OFFLINE"),
    ]
    assert [each["lastSeenAt"] is None for each in told] == [False, False, True]


def test_who_was_not_heard_of_for_seventy_five_seconds_is_offline_and_was_seen(
    stage: "Stage", people: dict[str, Role]
) -> None:
    room = stage.room(people)
    here, other, _ = people
    beat(stage, here)
    beat(stage, other)
    now = time.time_ns() // 1_000_000
    seen(stage, here, lastSeenAt=now - OFFLINE_AFTER_MS - 10_000)
    seen(stage, other, lastSeenAt=now - OFFLINE_AFTER_MS + 10_000)
    told = asked(stage, room, here)["people"]
    assert [each["status"] for each in told] == ["OFFLINE", "ONLINE", "OFFLINE"]
    assert told[0]["lastSeenAt"] is not None


def test_who_said_that_they_go_is_offline_at_once(stage: "Stage", people: dict[str, Role]) -> None:
    room, person = stage.room(people), next(iter(people))
    beat(stage, person)
    beat(stage, person, status="OFFLINE")
    assert asked(stage, room, person)["online"] == 0


def test_an_instant_far_ahead_is_of_a_clock_that_jumped_and_says_nothing(
    stage: "Stage", people: dict[str, Role]
) -> None:
    room, person = stage.room(people), next(iter(people))
    beat(stage, person)
    seen(stage, person, lastSeenAt=time.time_ns() // 1_000_000 + 3_600_000)
    assert asked(stage, room, person)["people"][0]["status"] == "OFFLINE"
    beat(stage, person)
    assert asked(stage, room, person)["people"][0]["status"] == "ONLINE"


def test_what_has_expired_is_gone_though_it_is_still_stored(stage: "Stage", people: dict[str, Role]) -> None:
    room, person = stage.room(people), next(iter(people))
    beat(stage, person)
    seen(stage, person, expiresAt=1)
    assert asked(stage, room, person)["people"][0] == {
        "userId": person,
        "status": "OFFLINE",
        "lastSeenAt": None,
    }


def test_somebody_is_counted_once_however_often_their_clients_say_it(
    stage: "Stage", people: dict[str, Role]
) -> None:
    room, person = stage.room(people), next(iter(people))
    for _ in range(3):
        beat(stage, person, watching=room)
    # Where a half minute begins in between, each of the two has one.
    assert asked(stage, room, person)["watching"] == 1


def test_of_a_room_with_more_than_a_hundred_only_the_count_of_onlookers_is_told(
    stage: "Stage", people: dict[str, Role]
) -> None:
    room = stage.room(people)
    beat(stage, next(iter(people)), watching=room)
    stage.roster(room, *(f"m{number}" for number in range(SMALL_ROOM_MEMBERS - len(people))))
    assert len(asked(stage, room, next(iter(people)))["people"]) == SMALL_ROOM_MEMBERS
    stage.roster(room, "one-more")
    assert asked(stage, room, next(iter(people))) == {
        "roomId": room,
        "people": None,
        "online": None,
        "watching": 1,
    }


def test_a_guilds_room_is_counted_in_the_guilds_table_and_its_people_in_theirs(
    stage: "Stage", people: dict[str, Role]
) -> None:
    room, person = stage.room(people, guild=True), next(iter(people))
    beat(stage, person, watching=room)
    answer = stage.act(stage.event(f"{EVENT}.guild", person, roomId=room), writes=[])
    assert (answer["watching"], answer["online"]) == (1, 1)


def test_strangers_learn_nothing_and_administrators_look(stage: "Stage", people: dict[str, Role]) -> None:
    room = stage.room(people)
    event = stage.event(f"{EVENT}.not-member", roomId=room)
    stage.refused(event, "NotRoomMember")
    event["identity"]["resolverContext"]["roles"] = "admin"
    assert len(stage.act(event, writes=[])["people"]) == len(people)


def test_a_public_rooms_visitors_do_not_look(stage: "Stage") -> None:
    room = stage.room(settings={"visibility": "public"})
    stage.refused(stage.event(EVENT, "carol", roomId=room), "NotRoomMember")
