"""When somebody's client was last heard of, and which rooms it had: one item a person, in the core table."""

import base64
import hashlib
from collections.abc import Iterable
from typing import Any, Literal

from chat.rules.models import DAY_MS, Stored
from chat.rules.rate import Rate
from chat.rules.record import record
from chat.rules.rooms import Room
from chat.storage import keys
from chat.storage.places import Place, personal_place
from chat.storage.tables import Write

HEARTBEAT_S = 30
OFFLINE_AFTER_MS = 75_000
"""Two heartbeats may be lost, and a little time."""

KEPT_MS = 30 * DAY_MS
HEARTBEATS = Rate(per_second=0.2, burst=12)
"""How often a person may be heard of: as often as half a dozen clients, which may all come at once."""

MOST_NAMED = 100
_DIGEST, _AGE = 6, 2
"""Characters for a room and for how long ago it was named (seconds): with a hundred rooms the item stays
below 1 KB."""

PresenceStatus = Literal["online", "away", "offline"]


@record(frozen=True, slots=True, kw_only=True)
class Presence(Stored):
    """The last heartbeat: when (ms), as what, with which room open; `window` is the last in which they were
    counted there.

    `tat` is the rate state (µs). `named` holds the rooms that were named lately, packed: see
    `named_rooms`."""

    last_seen_at: int = 0
    status: PresenceStatus = "offline"
    watching: str | None = None
    window: int = 0
    tat: int = 0
    named: str = ""

    def status_at(self, now: int) -> PresenceStatus:
        """What they are now. An instant that lies far ahead was written by a clock that has jumped, and says
        nothing."""
        return self.status if abs(now - self.last_seen_at) <= OFFLINE_AFTER_MS else "offline"


NEVER_SEEN = Presence()


def presence_place(user_id: str) -> Place:
    return personal_place(user_id, keys.PRESENCE)


def is_connected(presence: Presence, room: Room, now: int) -> bool:
    """Whether the person's clients named this room within `OFFLINE_AFTER_MS`, and did not say that they
    go."""
    return _digest(room) in named_rooms(presence, now)


def named_rooms(presence: Presence, now: int) -> dict[str, int]:
    """For how many seconds, at `now`, the rooms have not been named: by their digest, `OFFLINE_AFTER_MS` at
    the most."""
    since = -(-abs(now - presence.last_seen_at) // 1_000)
    step = _DIGEST + _AGE
    packed = (presence.named[start : start + step] for start in range(0, len(presence.named), step))
    ages = {each[:_DIGEST]: int(each[_DIGEST:]) + since for each in packed}
    return {digest: age for digest, age in ages.items() if age * 1_000 <= OFFLINE_AFTER_MS}


def heartbeat_write(
    before: Presence,
    user_id: str,
    status: PresenceStatus,
    rooms: Iterable[Room],
    watched: Room | None,
    now: int,
) -> Write:
    """A heartbeat that named `rooms`, with `watched` open. Going offline forgets the rooms."""
    ages = named_rooms(before, now) | {_digest(room): 0 for room in rooms}
    newest = sorted(ages.items(), key=lambda pair: pair[1])[:MOST_NAMED]
    named = "" if status == "offline" else "".join(f"{digest}{age:02d}" for digest, age in newest)
    seen: dict[str, Any] = {"type": "Presence", "lastSeenAt": now, "status": status, "named": named}
    seen |= {
        "tat": HEARTBEATS.taken(rate_state(before, now), now * 1_000),
        "expiresAt": (now + KEPT_MS) // 1_000,
    }
    if watched is None:
        return Write(presence_place(user_id), set=seen, remove=("watching",))
    return Write(presence_place(user_id), set=seen | {"watching": watched.id, "window": window_of(now)})


def rate_state(presence: Presence, now: int) -> int:
    """The rate's `tat` (µs), unless it lies further ahead than any heartbeat can have put it: then a clock
    has jumped."""
    possible = now * 1_000 + HEARTBEATS.tolerance + HEARTBEATS.step
    return presence.tat if presence.tat <= possible else 0


def window_of(now: int) -> int:
    """The half minute in which `now` (ms) lies."""
    return now // (HEARTBEAT_S * 1_000)


def _digest(room: Room) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(room.partition_key.encode()).digest()[:6])[
        :_DIGEST
    ].decode()
