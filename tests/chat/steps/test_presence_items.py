"""A user's presence item lists the rooms that their clients named lately, and stays small."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from chat.rules.rooms import Room
from chat.steps.presence_items import (
    HEARTBEATS,
    MOST_NAMED,
    NEVER_SEEN,
    OFFLINE_AFTER_MS,
    Presence,
    heartbeat_write,
    is_connected,
    named_rooms,
    rate_state,
)
from chat.storage.items import values

NOON = 1_800_000_000_000
ROOMS = [Room.parse(f"room-{number}") for number in range(150)]


def after(before: Presence, now: int, *rooms: Room, status: str = "online") -> Presence:
    """The person's item after a heartbeat."""
    write = heartbeat_write(before, "ann", "offline" if status == "offline" else "online", rooms, None, now)
    return Presence.of(values(write.set))


@given(
    heartbeats=st.lists(
        st.tuples(st.integers(0, 90_000), st.lists(st.integers(0, 9), max_size=4)), min_size=1, max_size=12
    )
)
def test_a_room_is_connected_if_it_was_named_within_seventy_five_seconds(
    heartbeats: list[tuple[int, list[int]]],
) -> None:
    presence, now, named_at = NEVER_SEEN, NOON, dict[int, int]()
    for passed, numbers in heartbeats:
        now += passed
        for number, at in named_at.items():
            age = now - at
            # Ages are kept in whole seconds, rounded up at each heartbeat between: never too long, a little too short.
            if age > OFFLINE_AFTER_MS:
                assert not is_connected(presence, ROOMS[number], now)
            if age <= OFFLINE_AFTER_MS - 1_000 * len(heartbeats):
                assert is_connected(presence, ROOMS[number], now)
        named_at |= dict.fromkeys(numbers, now)
        presence = after(presence, now, *(ROOMS[number] for number in numbers))


def test_the_next_heartbeat_of_the_same_rooms_finds_them_connected() -> None:
    presence = after(NEVER_SEEN, NOON, *ROOMS[:50])
    assert all(is_connected(presence, room, NOON + OFFLINE_AFTER_MS) for room in ROOMS[:50])
    assert not any(is_connected(presence, room, NOON + 30_000) for room in ROOMS[50:])


def test_two_clients_of_one_person_do_not_forget_each_others_rooms() -> None:
    presence = after(NEVER_SEEN, NOON, ROOMS[0])
    presence = after(presence, NOON + 20_000, ROOMS[1])
    assert is_connected(presence, ROOMS[0], NOON + 30_000)
    presence = after(presence, NOON + 30_000, ROOMS[0])
    assert is_connected(presence, ROOMS[1], NOON + 50_000)


def test_going_offline_ends_the_connection() -> None:
    presence = after(after(NEVER_SEEN, NOON, ROOMS[0]), NOON + 1_000, ROOMS[0], status="offline")
    assert named_rooms(presence, NOON + 2_000) == {}


def test_the_item_keeps_a_hundred_rooms_in_a_kilobyte_the_newest_first() -> None:
    presence = after(NEVER_SEEN, NOON, *ROOMS[:50])
    presence = after(presence, NOON + 1_000, *ROOMS[50:100])
    presence = after(presence, NOON + 2_000, *ROOMS[100:])
    assert len(named_rooms(presence, NOON + 2_000)) == MOST_NAMED
    assert all(is_connected(presence, room, NOON + 2_000) for room in ROOMS[50:])
    assert len(presence.named) <= 800


@pytest.mark.parametrize("jump", [-3_600_000, 3_600_000])
def test_after_a_jump_of_the_clock_nobody_is_connected_and_nobody_is_shut_out(jump: int) -> None:
    presence = NEVER_SEEN
    for _ in range(HEARTBEATS.burst):
        presence = after(presence, NOON, ROOMS[0])
    assert HEARTBEATS.wait(rate_state(presence, NOON), NOON * 1_000) > 0
    assert not is_connected(presence, ROOMS[0], NOON + jump)
    assert presence.status_at(NOON + jump) == "offline"
    assert HEARTBEATS.wait(rate_state(presence, NOON + jump), (NOON + jump) * 1_000) == 0
