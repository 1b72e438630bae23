"""A person's devices: which are there, which rooms they named, what is kept of them."""

import pytest

from chat.rules.devices import (
    NAMELESS,
    NEVER_SEEN,
    Device,
    Devices,
    Heartbeat,
    PresenceStatus,
    check_device,
    heard,
    is_counted,
    is_named,
    pack,
    room_digest,
    status_of,
    unpack,
    window_of,
)
from chat.rules.errors import InvalidInput
from chat.rules.rooms import Room

NOW = 1_800_000_000_000
MOST_DEVICES, MOST_NAMED = 10, 100
LOBBY = Room.parse("lobby")
ROOMS = tuple(Room.parse(f"room-{number}") for number in range(2 * MOST_NAMED))


def heartbeat(
    device: str = "phone",
    *rooms: Room,
    now: int = NOW,
    status: PresenceStatus = "online",
    watched: Room | None = None,
) -> Heartbeat:
    return Heartbeat(device, status, rooms, watched, now)


def ages(device: Device, now: int) -> list[int]:
    return sorted(device.rooms_at(now).values())


@pytest.mark.parametrize("device_id", ["", "a b", "x" * 129, 7, True, ["phone"]], ids=repr)
def test_what_is_no_id_names_no_device(device_id: object) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_device(device_id)
    assert (refused.value.key, refused.value.values) == ("presence.deviceId", {"argument": "deviceId"})


def test_a_device_is_there_for_75_seconds_on_either_side_of_its_heartbeat() -> None:
    device = Device(NOW, "away")
    for now in (NOW - 75_000, NOW, NOW + 75_000):
        assert (device.is_live(now), device.status_at(now)) == (True, "away")
    for now in (NOW - 75_001, NOW + 75_001):
        assert (device.is_live(now), device.status_at(now)) == (False, "offline")


def test_a_room_is_named_for_75_seconds_rounded_up_to_whole_ones() -> None:
    devices = heard({}, heartbeat("phone", LOBBY))
    for later, age in ((0, 0), (1, 1), (1_000, 1), (1_001, 2), (75_000, 75)):
        assert devices["phone"].rooms_at(NOW + later) == {room_digest(LOBBY): age}
        assert is_named(devices, LOBBY, NOW + later)
    assert not is_named(devices, LOBBY, NOW + 75_001)
    assert not is_named(devices, ROOMS[0], NOW)


def test_what_a_heartbeat_does_not_name_ages_on() -> None:
    devices = heard({}, heartbeat("phone", LOBBY, ROOMS[0]))
    devices = heard(devices, heartbeat("phone", LOBBY, now=NOW + 60_000))
    assert devices["phone"].rooms_at(NOW + 60_000) == {room_digest(LOBBY): 0, room_digest(ROOMS[0]): 60}
    assert not is_named(devices, ROOMS[0], NOW + 76_000)
    assert is_named(devices, LOBBY, NOW + 76_000)


def test_a_device_that_goes_forgets_its_own_rooms_alone() -> None:
    devices = heard(heard({}, heartbeat("phone", LOBBY)), heartbeat("tablet", LOBBY, ROOMS[0]))
    devices = heard(devices, heartbeat("tablet", ROOMS[0], status="offline"))
    assert (devices["tablet"].named, devices["tablet"].status) == ("", "offline")
    assert is_named(devices, LOBBY, NOW)
    assert not is_named(devices, ROOMS[0], NOW)


def test_a_person_is_what_their_most_present_device_is() -> None:
    assert status_of({}, NOW) == "offline"
    devices: Devices = {"a": Device(NOW, "offline"), "b": Device(NOW, "away")}
    assert status_of(devices, NOW) == "away"
    assert status_of(devices | {"c": Device(NOW, "online")}, NOW) == "online"
    assert status_of(devices | {"c": Device(NOW - 80_000, "online")}, NOW) == "away"


def test_an_open_room_is_counted_once_in_a_window_for_a_person() -> None:
    open_here = heartbeat("phone", watched=LOBBY)
    assert not is_counted({}, open_here)
    devices = heard({}, open_here)
    assert devices["phone"].window == window_of(NOW)
    assert is_counted(devices, open_here)
    assert is_counted(devices, heartbeat("tablet", watched=LOBBY))
    assert not is_counted(devices, heartbeat("tablet", watched=ROOMS[0]))
    assert is_counted(devices, heartbeat("phone", watched=ROOMS[0]))
    assert not is_counted(devices, heartbeat("phone", watched=LOBBY, now=NOW + 30_000))


def test_without_an_open_room_there_is_nothing_to_count() -> None:
    assert is_counted({}, heartbeat())
    assert is_counted(heard({}, heartbeat("tablet", watched=LOBBY)), heartbeat())


def test_a_heartbeat_without_an_open_room_keeps_the_window_of_its_device() -> None:
    devices = heard(heard({}, heartbeat("phone", watched=LOBBY)), heartbeat("phone", now=NOW + 40_000))
    assert (devices["phone"].window, devices["phone"].watching) == (window_of(NOW), None)
    assert heard({}, heartbeat())["phone"].window == NEVER_SEEN.window == 0


def test_a_window_is_half_a_minute() -> None:
    assert [window_of(now) for now in (0, 29_999, 30_000, 59_999, 60_000)] == [0, 0, 1, 1, 2]


def test_ten_devices_with_an_id_are_kept_and_the_nameless_one() -> None:
    devices = heard({}, heartbeat(NAMELESS))
    for number in range(MOST_DEVICES + 1):
        devices = heard(devices, heartbeat(f"d{number}", now=NOW + number))
    assert set(devices) == {NAMELESS, *(f"d{number}" for number in range(1, MOST_DEVICES + 1))}


@pytest.mark.parametrize(
    "weakest",
    [
        Device(NOW - 80_000, "online"),
        Device(NOW + 10**9, "online"),
        Device(NOW + 50, "offline"),
        Device(NOW - 50, "away"),
    ],
    ids=["gone", "heard of by a clock that had jumped", "offline", "away, and for the longest"],
)
def test_the_least_present_device_gives_way(weakest: Device) -> None:
    """Whoever said that they go is still more than whoever was not heard of, and away is more than that."""
    order: list[Device] = [Device(NOW - 80_000, "online"), Device(NOW + 10**9, "online")]
    order += [Device(NOW + 50, "offline"), Device(NOW - 50, "away"), Device(NOW, "away")]
    better = [each for each in order[order.index(weakest) + 1 :] if each.is_live(NOW)]
    fill = [Device(NOW, "online")] * (MOST_DEVICES - 1 - len(better))
    devices = {"weakest": weakest} | {f"d{number}": each for number, each in enumerate([*better, *fill])}
    assert len(devices) == MOST_DEVICES
    after = heard(devices, heartbeat("new"))
    assert set(after) == {*devices, "new"} - {"weakest"}


def test_of_a_device_that_is_gone_its_status_is_kept_and_no_room() -> None:
    before = heard({}, heartbeat("tablet", LOBBY, watched=LOBBY))
    after = heard(before, heartbeat("phone", now=NOW + 75_001))
    assert after["tablet"] == Device(NOW, "online")


def test_a_heartbeat_leaves_other_devices_as_they_are_while_there_is_room() -> None:
    """Also what has expired by this clock: by another's it may have not."""
    before = heard({}, heartbeat("tablet", ROOMS[-1]))
    before = heard(before, heartbeat("tablet", *ROOMS[: MOST_NAMED - 1], now=NOW + 60_000))
    after = heard(before, heartbeat("phone", ROOMS[MOST_NAMED], now=NOW + 80_000))
    assert len(ages(after["tablet"], NOW + 80_000)) == MOST_NAMED - 1
    assert after["tablet"] == before["tablet"]
    assert ages(after["tablet"], NOW + 60_000) == [0] * (MOST_NAMED - 1) + [60]


@pytest.mark.parametrize(("later", "age"), [(1_000, 1), (1_001, 2)])
def test_a_hundred_rooms_are_kept_those_named_last_first_with_their_ages(later: int, age: int) -> None:
    half = MOST_NAMED * 6 // 10
    before = heard({}, heartbeat("tablet", *ROOMS[:half]))
    now = NOW + later
    after = heard(before, heartbeat("phone", *ROOMS[half : 2 * half], now=now))
    assert ages(after["phone"], now) == [0] * half
    assert ages(after["tablet"], now) == [age] * (MOST_NAMED - half)
    assert set(after["tablet"].rooms_at(now)) < set(before["tablet"].rooms_at(now))


def test_every_room_is_kept_once_before_any_is_kept_twice() -> None:
    before = heard({}, heartbeat("tablet", *ROOMS[:70]))
    after = heard(before, heartbeat("phone", *ROOMS[60:100], now=NOW + 5_000))
    kept = {**after["tablet"].rooms_at(NOW + 5_000), **after["phone"].rooms_at(NOW + 5_000)}
    assert set(kept) == {room_digest(room) for room in ROOMS[:100]}
    assert len(after["tablet"].rooms_at(NOW + 5_000)) == 60


def test_one_device_keeps_a_hundred_rooms_the_ones_named_last() -> None:
    before = heard({}, heartbeat("phone", *ROOMS[:MOST_NAMED]))
    after = heard(before, heartbeat("phone", *ROOMS[MOST_NAMED : MOST_NAMED + 1], now=NOW + 1_000))
    assert ages(after["phone"], NOW + 1_000) == [0] + [1] * (MOST_NAMED - 1)


def test_the_stored_form_is_the_same_in_every_version() -> None:
    assert check_device(None) == NAMELESS
    assert check_device("phone-1") == "q6TFO5fR"
    assert room_digest(LOBBY) == "sJ5n4B"
    device = heard({}, heartbeat("phone", LOBBY, watched=LOBBY))["phone"]
    packed = pack({"phone": device, NAMELESS: device})
    assert packed == '{"phone":[1800000000000,"online","sJ5n4B00","lobby",60000000]}'
    assert unpack(packed) == {"phone": device}
    assert (pack({NAMELESS: device}), unpack("")) == ("", {})
