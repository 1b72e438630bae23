"""Query.presence: the members of small rooms, and for all rooms how many have them open."""

import time
import uuid
from typing import Any

import pytest

from chat.rules.devices import OFFLINE_AFTER_MS
from chat.rules.models import Role
from chat.steps.receipt_items import SMALL_ROOM_MEMBERS
from tests.resolvers.composed import composed
from tests.resolvers.harness import Harness

EVENT = "Query.presence"


@pytest.fixture
def people() -> dict[str, Role]:
    """Three users whose clients have sent no heartbeat yet, in the order of their ids."""
    stem = uuid.uuid4().hex[:8]
    return {f"{stem}-a": "owner", f"{stem}-b": "member", f"{stem}-c": "member"}


def send_heartbeat(harness: Harness, person: str, **arguments: object) -> None:
    event = harness.event("Mutation.heartbeat.bare", person, **arguments)
    assert harness.invoke(event)["everySeconds"] == 30


def seen(harness: Harness, person: str, **changes: int | str) -> None:
    harness.change("lobby", f"USER#{person}", "PRESENCE", **changes)


def presence_of(harness: Harness, room: str, user: str) -> dict[str, Any]:
    answer: dict[str, Any] = harness.run(harness.event(EVENT, user, roomId=room), writes=[])
    return answer


def status_of(harness: Harness, room: str, person: str) -> str:
    listed = presence_of(harness, room, person)["people"]
    return next(str(each["status"]) for each in listed if each["userId"] == person)


def test_members_are_listed_with_their_own_status(harness: Harness, people: dict[str, Role]) -> None:
    room = harness.room(people)
    here, away, absent = people
    send_heartbeat(harness, here, watching=room)
    send_heartbeat(harness, away, status="AWAY")
    answer = presence_of(harness, room, here)
    listed = answer.pop("people")
    assert answer == {"roomId": room, "online": 2, "watching": 1}
    assert [(each["userId"], each["status"]) for each in listed] == [
        (here, "ONLINE"),
        (away, "AWAY"),
        (absent, "OFFLINE"),
    ]
    assert [each["lastSeenAt"] is None for each in listed] == [False, False, True]


def test_without_a_heartbeat_for_seventy_five_seconds_a_user_is_offline_and_was_seen(
    harness: Harness, people: dict[str, Role]
) -> None:
    room = harness.room(people)
    here, other, _ = people
    send_heartbeat(harness, here)
    send_heartbeat(harness, other)
    now = time.time_ns() // 1_000_000
    seen(harness, here, lastSeenAt=now - OFFLINE_AFTER_MS - 10_000)
    seen(harness, other, lastSeenAt=now - OFFLINE_AFTER_MS + 10_000)
    listed = presence_of(harness, room, here)["people"]
    assert [each["status"] for each in listed] == ["OFFLINE", "ONLINE", "OFFLINE"]
    assert listed[0]["lastSeenAt"] is not None


def test_who_sent_offline_is_offline_at_once(harness: Harness, people: dict[str, Role]) -> None:
    room, person = harness.room(people), next(iter(people))
    send_heartbeat(harness, person)
    send_heartbeat(harness, person, status="OFFLINE")
    assert presence_of(harness, room, person)["online"] == 0


@pytest.mark.parametrize("status", ["OFFLINE", "AWAY"])
@pytest.mark.parametrize("other", [{"deviceId": "phone"}, {}])
def test_one_device_that_goes_leaves_the_others_as_they_are(
    harness: Harness, people: dict[str, Role], status: str, other: dict[str, str]
) -> None:
    room, person = harness.room(people), next(iter(people))
    send_heartbeat(harness, person, deviceId="desk")
    send_heartbeat(harness, person, **other)
    send_heartbeat(harness, person, status=status, **other)
    assert status_of(harness, room, person) == "ONLINE"
    send_heartbeat(harness, person, status=status, deviceId="desk")
    assert status_of(harness, room, person) == status


def test_a_client_from_before_that_comes_beside_others_is_a_device_of_its_own(
    harness: Harness, people: dict[str, Role]
) -> None:
    room, person = harness.room(people), next(iter(people))
    send_heartbeat(harness, person)
    send_heartbeat(harness, person, status="OFFLINE", deviceId="desk")
    assert status_of(harness, room, person) == "ONLINE"
    send_heartbeat(harness, person, status="OFFLINE")
    assert status_of(harness, room, person) == "OFFLINE"


def test_a_device_that_fell_silent_does_not_count(harness: Harness, people: dict[str, Role]) -> None:
    room, person = harness.room(people), next(iter(people))
    send_heartbeat(harness, person)
    send_heartbeat(harness, person, status="AWAY", deviceId="desk")
    seen(harness, person, lastSeenAt=time.time_ns() // 1_000_000 - OFFLINE_AFTER_MS - 10_000)
    assert status_of(harness, room, person) == "AWAY"


def test_two_devices_with_one_room_open_are_one_person_that_watches(
    harness: Harness, people: dict[str, Role]
) -> None:
    room, other = harness.room(people), harness.room(people)
    person = next(iter(people))
    send_heartbeat(harness, person, watching=room, deviceId="desk")
    send_heartbeat(harness, person, watching=room, deviceId="phone")
    send_heartbeat(harness, person, watching=room)
    send_heartbeat(harness, person, watching=other, deviceId="tablet")
    assert [presence_of(harness, each, person)["watching"] for each in (room, other)] == [1, 1]


def test_an_instant_far_ahead_is_of_a_clock_that_jumped_and_is_ignored(
    harness: Harness, people: dict[str, Role]
) -> None:
    room, person = harness.room(people), next(iter(people))
    send_heartbeat(harness, person)
    seen(harness, person, lastSeenAt=time.time_ns() // 1_000_000 + 3_600_000)
    assert presence_of(harness, room, person)["people"][0]["status"] == "OFFLINE"
    send_heartbeat(harness, person)
    assert presence_of(harness, room, person)["people"][0]["status"] == "ONLINE"


def test_what_has_expired_is_gone_though_it_is_still_stored(
    harness: Harness, people: dict[str, Role]
) -> None:
    room, person = harness.room(people), next(iter(people))
    send_heartbeat(harness, person)
    seen(harness, person, expiresAt=1)
    assert presence_of(harness, room, person)["people"][0] == {
        "userId": person,
        "status": "OFFLINE",
        "lastSeenAt": None,
    }


def test_a_deployment_keeps_for_as_long_as_it_says_when_somebody_was_there(
    harness: Harness, people: dict[str, Role]
) -> None:
    room, person = harness.room(people), next(iter(people))
    now = time.time_ns() // 1_000_000
    with composed(harness, PRESENCE_DAYS="2"):
        send_heartbeat(harness, person)
        days = harness.item("lobby", "PRESENCE", person)["expiresAt"] / 86_400 - now / 86_400_000
        assert days == pytest.approx(2, abs=0.01)
        for since, is_kept in ((1, True), (3, False)):
            seen(harness, person, lastSeenAt=now - since * 86_400_000, expiresAt=now // 1_000 + 86_400)
            assert (presence_of(harness, room, person)["people"][0]["lastSeenAt"] is not None) is is_kept
    assert presence_of(harness, room, person)["people"][0]["lastSeenAt"] is not None


def test_a_user_is_counted_once_however_many_heartbeats_come(
    harness: Harness, people: dict[str, Role]
) -> None:
    room, person = harness.room(people), next(iter(people))
    for _ in range(3):
        send_heartbeat(harness, person, watching=room)
    # Where a half minute begins in between, each of the two has one.
    assert presence_of(harness, room, person)["watching"] == 1


def test_of_a_room_with_more_than_a_hundred_only_the_count_of_watchers_is_given(
    harness: Harness, people: dict[str, Role]
) -> None:
    room = harness.room(people)
    send_heartbeat(harness, next(iter(people)), watching=room)
    harness.roster(room, *(f"m{number}" for number in range(SMALL_ROOM_MEMBERS - len(people))))
    assert len(presence_of(harness, room, next(iter(people)))["people"]) == SMALL_ROOM_MEMBERS
    harness.roster(room, "one-more")
    assert presence_of(harness, room, next(iter(people))) == {
        "roomId": room,
        "people": None,
        "online": None,
        "watching": 1,
    }


def test_a_guilds_room_is_counted_in_the_guilds_table_and_its_people_in_theirs(
    harness: Harness, people: dict[str, Role]
) -> None:
    room, person = harness.room(people, guild=True), next(iter(people))
    send_heartbeat(harness, person, watching=room)
    answer = harness.run(harness.event(f"{EVENT}.guild", person, roomId=room), writes=[])
    assert (answer["watching"], answer["online"]) == (1, 1)


def test_strangers_are_refused_and_administrators_may_read(harness: Harness, people: dict[str, Role]) -> None:
    room = harness.room(people)
    event = harness.event(f"{EVENT}.not-member", roomId=room)
    harness.refused(event, "NotRoomMember")
    event["identity"]["resolverContext"]["roles"] = "admin"
    assert len(harness.run(event, writes=[])["people"]) == len(people)


def test_a_public_rooms_visitors_are_refused(harness: Harness) -> None:
    room = harness.room(settings={"visibility": "public"})
    harness.refused(harness.event(EVENT, "carol", roomId=room), "NotRoomMember")
