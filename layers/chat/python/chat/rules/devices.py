"""The devices that somebody uses, each as it was last heard of. A person is what their most present device is.

An entry that has expired by this process's clock is kept until its place is needed: another's clock may say
otherwise.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Literal

from chat.rules.errors import InvalidInput
from chat.rules.record import record
from chat.rules.rooms import Room, is_id

OFFLINE_AFTER_MS = 75_000
"""Two heartbeats may be lost, and a little time."""

FRESH_MS = 40_000
"""What a device said so lately need not be written again yet: the next heartbeat comes before it counts as gone, and so does
another one where that fails."""

WINDOW_MS = 30_000
"""People who have a room open are counted once in so long."""

MOST_DEVICES = 10
"""How many devices with an id are kept of a person; whose client says none have one more between them."""

MOST_NAMED = 100
"""How many rooms are kept of the devices with an id, and of the one without."""

NAMELESS = ""
"""The key of the device that all clients share who say no `deviceId`."""

_ROOM, _AGE = 6, 2
"""Characters for a room and for how long ago it was named (seconds): with a hundred rooms an item of one
device stays below 1 KB."""

PresenceStatus = Literal["online", "away", "offline"]
PRESENT: Mapping[PresenceStatus, int] = {"offline": 0, "away": 1, "online": 2}
"""How present somebody is."""


@record(frozen=True, slots=True)
class Device:
    """The last heartbeat of a device: when (ms), as what, with which room open; `window` is the last in which
    its person was counted there.

    `named` holds the rooms that it named lately, packed: see `rooms_at`."""

    seen_at: int = 0
    status: PresenceStatus = "offline"
    named: str = ""
    watching: str | None = None
    window: int = 0

    def is_live(self, now: int) -> bool:
        """Whether it was heard of lately. An instant that lies far ahead was written by a clock that has
        jumped, and says nothing."""
        return abs(now - self.seen_at) <= OFFLINE_AFTER_MS

    def status_at(self, now: int) -> PresenceStatus:
        return self.status if self.is_live(now) else "offline"

    def rooms_at(self, now: int) -> dict[str, int]:
        """For how many seconds, at `now`, the rooms have not been named: by their digest, `OFFLINE_AFTER_MS`
        at the most."""
        since = -(-abs(now - self.seen_at) // 1_000)
        step = _ROOM + _AGE
        packed = (self.named[start : start + step] for start in range(0, len(self.named), step))
        ages = {each[:_ROOM]: int(each[_ROOM:]) + since for each in packed}
        return {digest: age for digest, age in ages.items() if age * 1_000 <= OFFLINE_AFTER_MS}


NEVER_SEEN = Device()

Devices = dict[str, Device]
"""A person's devices, by their keys."""


@record(frozen=True, slots=True)
class Heartbeat:
    """One heartbeat: of which device, as what, naming which rooms, with which one open, at what instant
    (ms)."""

    device: str
    status: PresenceStatus
    rooms: tuple[Room, ...]
    watched: Room | None
    now: int


def check_device(device_id: object) -> str:
    """The key of the device that a `deviceId` names; of the nameless one where it is absent. Raises
    `InvalidInput`."""
    if device_id is None:
        return NAMELESS
    if not is_id(device_id):
        raise InvalidInput("presence.deviceId", argument="deviceId")
    return _digest(device_id)


def status_of(devices: Devices, now: int) -> PresenceStatus:
    """What the person is at `now`: as much as their most present device."""
    statuses = (device.status_at(now) for device in devices.values())
    return max(statuses, key=lambda status: PRESENT[status], default="offline")


def is_named(devices: Devices, room: Room, now: int) -> bool:
    """Whether a device named this room within `OFFLINE_AFTER_MS`, and did not say that it goes."""
    digest = room_digest(room)
    return any(digest in device.rooms_at(now) for device in devices.values())


def is_counted(devices: Devices, heartbeat: Heartbeat) -> bool:
    """Whether the person needs no counting for what this heartbeat has open: it was done for the device in
    this window, or for another one that has the same room open."""
    window, room = window_of(heartbeat.now), heartbeat.watched
    return room is None or any(
        device.window == window and (key == heartbeat.device or device.watching == room.id)
        for key, device in devices.items()
    )


def says_nothing_new(devices: Devices, heartbeat: Heartbeat) -> bool:
    """Whether this device said the same within `FRESH_MS`, so that nobody sees a difference if it is not written."""
    before, now = devices.get(heartbeat.device), heartbeat.now
    if before is None or not 0 <= now - before.seen_at < FRESH_MS or not is_counted(devices, heartbeat):
        return False
    watched = heartbeat.watched.id if heartbeat.watched else None
    if (before.status, before.watching) != (heartbeat.status, watched):
        return False
    ages = before.rooms_at(now)
    return all(ages.get(room_digest(room), OFFLINE_AFTER_MS) * 1_000 < FRESH_MS for room in heartbeat.rooms)


def heard(devices: Devices, heartbeat: Heartbeat) -> Devices:
    """The devices after a heartbeat. Going offline forgets the rooms of this device and of no other. Beyond
    `MOST_DEVICES` the least present gives way, of those the one that was heard of the longest ago."""
    now, before = heartbeat.now, devices.get(heartbeat.device, NEVER_SEEN)
    ages = before.rooms_at(now) | {room_digest(room): 0 for room in heartbeat.rooms}
    own = Device(
        seen_at=now,
        status=heartbeat.status,
        named="" if heartbeat.status == "offline" else _packed(ages.items()),
        watching=heartbeat.watched.id if heartbeat.watched else None,
        window=window_of(now) if heartbeat.watched else before.window,
    )
    after = {key: each if each.is_live(now) else _expired(each) for key, each in devices.items()}
    after[heartbeat.device] = own
    nameless = {NAMELESS: after.pop(NAMELESS)} if NAMELESS in after else {}
    ranked = sorted(after.items(), key=lambda pair: _rank(pair[1], now), reverse=True)
    return nameless | _trimmed(dict(ranked[:MOST_DEVICES]), now)


def unpack(devices: str) -> Devices:
    """The devices with an id, as they are stored."""
    return {key: Device(*values) for key, values in json.loads(devices).items()} if devices else {}


def pack(devices: Devices) -> str:
    """The devices with an id as they are stored: JSON, each by its key as a list of what `Device` holds."""
    lists = {
        key: [each.seen_at, each.status, each.named, each.watching, each.window]
        for key, each in devices.items()
        if key != NAMELESS
    }
    return json.dumps(lists, separators=(",", ":")) if lists else ""


def window_of(now: int) -> int:
    """The half minute in which `now` (ms) lies."""
    return now // WINDOW_MS


def room_digest(room: Room) -> str:
    return _digest(room.partition_key)[:_ROOM]


def _expired(device: Device) -> Device:
    """What is kept of a device that was not heard of lately."""
    return Device(seen_at=device.seen_at, status=device.status)


def _rank(device: Device, now: int) -> tuple[int, int]:
    """How much a device is worth its place."""
    return (1 + PRESENT[device.status] if device.is_live(now) else 0), device.seen_at


def _trimmed(devices: Devices, now: int) -> Devices:
    """The devices with `MOST_NAMED` rooms between them: first each room as it was named last, then what others
    named of the same."""
    entries = sorted(
        (age, key, digest) for key, each in devices.items() for digest, age in each.rooms_at(now).items()
    )
    if len(entries) <= MOST_NAMED:
        return devices
    latest = {digest: (age, key, digest) for age, key, digest in reversed(entries)}
    kept = set(sorted(entries, key=lambda entry: (latest[entry[2]] != entry, entry))[:MOST_NAMED])

    def trim(key: str, device: Device) -> Device:
        since = -(-abs(now - device.seen_at) // 1_000)
        ages = [(digest, age - since) for age, owner, digest in kept if owner == key]
        return Device(device.seen_at, device.status, _packed(ages), device.watching, device.window)

    return {key: trim(key, device) for key, device in devices.items()}


def _packed(ages: Iterable[tuple[str, int]]) -> str:
    """Rooms by their digests, the one named last first."""
    newest = sorted(ages, key=lambda pair: pair[1])[:MOST_NAMED]
    return "".join(f"{digest}{age:02d}" for digest, age in newest)


def _digest(text: str) -> str:
    """48 bits of a digest, in eight characters."""
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()[:6]).decode()
