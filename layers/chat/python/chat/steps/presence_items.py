"""When somebody's devices were last heard of, and which rooms they had: one item a person, in the core
table."""

from typing import Any

from chat.rules.devices import (
    NAMELESS,
    NEVER_SEEN,
    WINDOW_MS,
    Device,
    Devices,
    Heartbeat,
    PresenceStatus,
    heard,
    is_named,
    pack,
    unpack,
)
from chat.rules.models import DAY_MS, Stored
from chat.rules.rate import Rate
from chat.rules.record import record
from chat.rules.rooms import Room
from chat.storage import keys
from chat.storage.places import Place, personal_place
from chat.storage.tables import Write

HEARTBEAT_S = WINDOW_MS // 1_000
HEARTBEATS = Rate(per_second=0.2, burst=12)
"""How often a person may be heard of: as often as half a dozen clients, which may all come at once."""


@record(frozen=True, slots=True, kw_only=True)
class Presence(Stored):
    """Somebody's devices. `devices` holds those with an id, packed; the one without has the other attributes,
    as items had from before there were ids: see `Device`. `tat` is the rate state of them all (µs)."""

    last_seen_at: int = 0
    status: PresenceStatus = "offline"
    watching: str | None = None
    window: int = 0
    tat: int = 0
    named: str = ""
    devices: str = ""

    def by_key(self) -> Devices:
        """All of them, by their keys."""
        own = Device(self.last_seen_at, self.status, self.named, self.watching, self.window)
        return ({} if own == NEVER_SEEN else {NAMELESS: own}) | unpack(self.devices)


NOBODY = Presence()
"""Somebody of whom nothing was heard."""


def presence_place(user_id: str) -> Place:
    return personal_place(user_id, keys.PRESENCE)


def is_connected(presence: Presence, room: Room, now: int) -> bool:
    """Whether the person's devices named this room lately, and did not say that they go."""
    return is_named(presence.by_key(), room, now)


def heard_of(before: Presence, heartbeat: Heartbeat) -> Presence:
    """The person after a heartbeat."""
    devices, now = heard(before.by_key(), heartbeat), heartbeat.now
    own = devices.get(NAMELESS, NEVER_SEEN)
    return Presence(
        last_seen_at=own.seen_at,
        status=own.status,
        watching=own.watching,
        window=own.window,
        named=own.named,
        tat=HEARTBEATS.taken(rate_state(before, now), now * 1_000),
        devices=pack(devices),
    )


def heartbeat_write(before: Presence, user_id: str, heartbeat: Heartbeat, kept_days: int) -> Write:
    """A heartbeat, to be kept for `kept_days`, on condition that no other was written since `before` was read: each moves `tat`."""
    after = heard_of(before, heartbeat)
    newest = max(each.seen_at for each in after.by_key().values())  # not `now`: this clock may be behind
    seen: dict[str, Any] = {
        "type": "Presence",
        "tat": after.tat,
        "expiresAt": (newest + kept_days * DAY_MS) // 1_000,
    }
    remove = []
    if heartbeat.device == NAMELESS:
        seen |= {
            "lastSeenAt": after.last_seen_at,
            "status": after.status,
            "named": after.named,
            "window": after.window,
        }
        if after.watching is None:
            remove = ["watching"]
        else:
            seen["watching"] = after.watching
    if after.devices:
        seen["devices"] = after.devices
    return Write(
        presence_place(user_id),
        condition="#tat = :was" if before.tat else "attribute_not_exists(#tat)",
        given={":was": before.tat} if before.tat else {},
        set=seen,
        remove=remove,
    )


def rate_state(presence: Presence, now: int) -> int:
    """The rate's `tat` (µs), unless it lies further ahead than any heartbeat can have put it: then a clock
    has jumped."""
    possible = now * 1_000 + HEARTBEATS.tolerance + HEARTBEATS.step
    return presence.tat if presence.tat <= possible else 0
