"""A user's presence item lists the rooms that their clients named lately, and stays small."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from chat.rules.devices import (
    MOST_DEVICES,
    MOST_NAMED,
    NAMELESS,
    OFFLINE_AFTER_MS,
    PRESENT,
    Heartbeat,
    PresenceStatus,
    is_counted,
    status_of,
)
from chat.rules.rooms import Room
from chat.steps.presence_items import (
    HEARTBEAT_S,
    HEARTBEATS,
    NOBODY,
    Presence,
    heartbeat_write,
    is_connected,
    rate_state,
)
from chat.storage.items import values

NOON = 1_800_000_000_000
ROOMS = [Room.parse(f"room-{number}") for number in range(150)]


def after(
    before: Presence,
    now: int,
    *rooms: Room,
    status: PresenceStatus = "online",
    device: str = NAMELESS,
    watched: Room | None = None,
) -> Presence:
    """The person's item after a heartbeat."""
    write = heartbeat_write(before, "ann", Heartbeat(device, status, rooms, watched, now), 30)
    kept = {each: getattr(before, each) for each in ("status", "watching", "window", "named", "devices")}
    item = {"lastSeenAt": before.last_seen_at, **{each: value for each, value in kept.items() if value}}
    left = {name: value for name, value in (item | dict(write.set)).items() if name not in write.remove}
    return Presence.of(values(left))


def named_rooms(presence: Presence, now: int) -> dict[str, int]:
    return {digest: age for each in presence.by_key().values() for digest, age in each.rooms_at(now).items()}


@given(
    heartbeats=st.lists(
        st.tuples(st.integers(0, 90_000), st.lists(st.integers(0, 9), max_size=4)), min_size=1, max_size=12
    )
)
def test_a_room_is_connected_if_it_was_named_within_seventy_five_seconds(
    heartbeats: list[tuple[int, list[int]]],
) -> None:
    presence, now, named_at = NOBODY, NOON, dict[int, int]()
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
    presence = after(NOBODY, NOON, *ROOMS[:50])
    assert all(is_connected(presence, room, NOON + OFFLINE_AFTER_MS) for room in ROOMS[:50])
    assert not any(is_connected(presence, room, NOON + 30_000) for room in ROOMS[50:])


def test_two_clients_of_one_person_do_not_forget_each_others_rooms() -> None:
    presence = after(NOBODY, NOON, ROOMS[0])
    presence = after(presence, NOON + 20_000, ROOMS[1])
    assert is_connected(presence, ROOMS[0], NOON + 30_000)
    presence = after(presence, NOON + 30_000, ROOMS[0])
    assert is_connected(presence, ROOMS[1], NOON + 50_000)


def test_going_offline_ends_the_connection() -> None:
    presence = after(after(NOBODY, NOON, ROOMS[0]), NOON + 1_000, ROOMS[0], status="offline")
    assert named_rooms(presence, NOON + 2_000) == {}


def test_the_item_keeps_a_hundred_rooms_in_a_kilobyte_the_newest_first() -> None:
    presence = after(NOBODY, NOON, *ROOMS[:50])
    presence = after(presence, NOON + 1_000, *ROOMS[50:100])
    presence = after(presence, NOON + 2_000, *ROOMS[100:])
    assert len(named_rooms(presence, NOON + 2_000)) == MOST_NAMED
    assert all(is_connected(presence, room, NOON + 2_000) for room in ROOMS[50:])
    assert len(presence.named) <= 800


@pytest.mark.parametrize("jump", [-3_600_000, 3_600_000])
def test_after_a_jump_of_the_clock_nobody_is_connected_and_nobody_is_shut_out(jump: int) -> None:
    presence = NOBODY
    for _ in range(HEARTBEATS.burst):
        presence = after(presence, NOON, ROOMS[0])
    assert HEARTBEATS.wait(rate_state(presence, NOON), NOON * 1_000) > 0
    assert not is_connected(presence, ROOMS[0], NOON + jump)
    assert status_of(presence.by_key(), NOON + jump) == "offline"
    assert HEARTBEATS.wait(rate_state(presence, NOON + jump), (NOON + jump) * 1_000) == 0


@given(
    beats=st.lists(
        st.tuples(
            st.integers(0, 40_000),
            st.sampled_from([NAMELESS, "desk", "phone", "tablet"]),
            st.sampled_from(["online", "away", "offline"]),
            st.lists(st.integers(0, 5), max_size=3),
            st.sampled_from([0, 0, 0, 0, -3_600_000, 3_600_000]),
        ),
        min_size=1,
        max_size=25,
    )
)
def test_a_person_is_what_the_most_present_of_their_devices_is(
    beats: list[tuple[int, str, PresenceStatus, list[int], int]],
) -> None:
    """Each device alone is what it said last; a process whose clock is an hour off spoils nobody else's."""
    presence, now = NOBODY, NOON
    alone: dict[str, tuple[int, PresenceStatus]] = {}
    for passed, device, status, numbers, skew in beats:
        now += passed
        rooms = [ROOMS[number] for number in numbers]
        presence = after(presence, now + skew, *rooms, status=status, device=device)
        alone[device] = (now + skew, status)
        live = [status for at, status in alone.values() if abs(now - at) <= OFFLINE_AFTER_MS]
        expected = max(live, key=lambda each: PRESENT[each], default="offline")
        assert status_of(presence.by_key(), now) == expected


def test_a_device_that_goes_forgets_its_own_rooms_alone() -> None:
    presence = after(NOBODY, NOON, ROOMS[0], ROOMS[1], device="desk")
    presence = after(presence, NOON + 1_000, ROOMS[1], ROOMS[2], device="phone")
    presence = after(presence, NOON + 2_000, device="phone", status="offline")
    assert [is_connected(presence, room, NOON + 3_000) for room in ROOMS[:3]] == [True, True, False]


def test_a_device_beyond_the_most_takes_the_place_of_the_least_present_and_then_of_the_oldest() -> None:
    presence = NOBODY
    for number in range(MOST_DEVICES):
        presence = after(presence, NOON + number, device=f"online-{number}")
    presence = after(presence, NOON + 50, device="away", status="away")
    assert "away" not in presence.by_key()
    presence = after(presence, NOON + 60, device="newest")
    assert len(presence.by_key()) == MOST_DEVICES
    assert "online-0" not in presence.by_key()
    presence = after(presence, NOON + 70)
    assert len(presence.by_key()) == MOST_DEVICES + 1


def test_many_devices_with_many_rooms_stay_below_four_kilobytes() -> None:
    presence = NOBODY
    for number in range(3 * MOST_DEVICES):
        rooms = ROOMS[number : number + 50]
        presence = after(presence, NOON + number, *rooms, device=f"d-{number:06d}", watched=ROOMS[number])
    assert len(presence.devices) < 2_048
    assert len(named_rooms(presence, NOON + 100)) <= MOST_NAMED
    assert is_connected(presence, ROOMS[3 * MOST_DEVICES - 1], NOON + 100)


def test_the_rooms_of_many_devices_are_those_that_were_named_last() -> None:
    presence = NOBODY
    for number, device in enumerate(("desk", "phone", "tablet")):
        presence = after(presence, NOON + 1_000 * number, *ROOMS[:60], device=device)
    assert all(is_connected(presence, room, NOON + 5_000) for room in ROOMS[:60])


def test_a_person_is_counted_in_a_room_once_for_each_half_minute_however_many_devices_have_it_open() -> None:
    def heartbeat(device: str, room: Room, now: int) -> Heartbeat:
        return Heartbeat(device, "online", (), room, now)

    presence = after(NOBODY, NOON, device="desk", watched=ROOMS[0])
    assert is_counted(presence.by_key(), heartbeat("phone", ROOMS[0], NOON + 1))
    assert not is_counted(presence.by_key(), heartbeat("phone", ROOMS[1], NOON + 1))
    assert is_counted(presence.by_key(), heartbeat("desk", ROOMS[1], NOON + 1))
    assert not is_counted(presence.by_key(), heartbeat("desk", ROOMS[0], NOON + 30_000))


def test_an_item_from_before_there_were_devices_is_the_nameless_one() -> None:
    item = {"lastSeenAt": NOON, "status": "online", "tat": 1, "named": "", "window": 3, "watching": "lobby"}
    presence = Presence.of(values(item))
    assert status_of(presence.by_key(), NOON) == "online"
    presence = after(presence, NOON + 1, device="desk", status="away")
    assert status_of(presence.by_key(), NOON + 2) == "online"
    assert presence.watching == "lobby"


def test_a_heartbeat_writes_what_the_nameless_device_says_into_the_item_itself() -> None:
    write = heartbeat_write(NOBODY, "ann", Heartbeat(NAMELESS, "away", (), ROOMS[0], NOON), 30)
    assert (write.place.table, write.place.partition_key) == ("core", "USER#ann")
    assert write.set == {
        "type": "Presence",
        "tat": NOON * 1_000 + 5_000_000,
        "expiresAt": NOON // 1_000 + 30 * 86_400,
        "lastSeenAt": NOON,
        "status": "away",
        "named": "",
        "window": NOON // 30_000,
        "watching": "room-0",
    }
    assert list(write.remove) == []
    closed = heartbeat_write(NOBODY, "ann", Heartbeat(NAMELESS, "online", (), None, NOON), 30)
    assert ("watching" in closed.set, list(closed.remove)) == (False, ["watching"])


def test_a_heartbeat_of_a_device_with_an_id_leaves_the_nameless_one_as_it_is() -> None:
    before = Presence(last_seen_at=NOON, status="online", watching="room-0", tat=7)
    write = heartbeat_write(before, "ann", Heartbeat("desk", "away", (), None, NOON), 30)
    assert set(write.set) == {"type", "tat", "expiresAt", "devices"}
    assert list(write.remove) == []


@pytest.mark.parametrize("behind", [60_000, 0])
def test_an_item_is_kept_for_thirty_days_from_its_newest_heartbeat(behind: int) -> None:
    """Whatever the clock says of whoever writes next."""
    before = after(NOBODY, NOON, device="desk")
    write = heartbeat_write(before, "ann", Heartbeat("phone", "online", (), None, NOON - behind), 30)
    assert write.set["expiresAt"] == NOON // 1_000 + 30 * 86_400


def test_a_person_is_heard_of_twelve_times_at_once_and_then_once_in_five_seconds() -> None:
    assert (HEARTBEATS.step, HEARTBEATS.burst, HEARTBEAT_S) == (5_000_000, 12, 30)


def test_a_rate_that_no_heartbeat_can_have_left_is_as_if_there_were_none() -> None:
    most = NOON * 1_000 + 12 * 5_000_000
    assert [rate_state(Presence(tat=tat), NOON) for tat in (0, 7, most, most + 1)] == [0, 7, most, 0]


def test_of_whom_nothing_was_heard_nothing_is_known() -> None:
    assert Presence() == Presence(last_seen_at=0, status="offline", watching=None, window=0, tat=0, named="")
    assert NOBODY.by_key() == {}
