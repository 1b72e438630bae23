"""How many people have a room open: a count for each half minute, spread over shards, since a large room has
many at once."""

import zlib
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress

from chat.deployment import Deployment
from chat.rules.devices import window_of
from chat.rules.rooms import Room
from chat.steps.presence_items import HEARTBEAT_S
from chat.storage import keys
from chat.storage.aws import TransientFailure
from chat.storage.places import Found, Place
from chat.storage.tables import Write

SHARDS = 10
KEPT_S = 3_600


def count_in(deployment: Deployment, room: Room, user_ids: Iterable[str], now: int) -> None:
    """Count people who have the room open, each once for the half minute of `now`, with a write for each shard; not
    repeated where it may have been done."""
    window = window_of(now)
    expires_at = window * HEARTBEAT_S + KEPT_S
    for shard, people in Counter(map(_shard, user_ids)).items():
        place = Place(room.table, keys.live(room.partition_key, shard), keys.window(window))
        with suppress(TransientFailure):
            deployment.store.tables.update(
                Write(place, set={"type": "Live", "expiresAt": expires_at}, add={"people": people})
            )


def occupancy_places(room: Room, now: int) -> list[Place]:
    """Where the counts of the current half minute and of the one before lie."""
    return [place for window in _windows(now) for place in _row(room, window)]


def count_watching(found: Found, room: Room, now: int) -> int:
    """How many had the room open in the last half minute. The current one has only begun: the larger count is
    nearer."""
    return max(
        sum(
            int(item["people"]["N"]) for place in _row(room, window) if (item := found.get(place)) is not None
        )
        for window in _windows(now)
    )


def _windows(now: int) -> tuple[int, int]:
    return window_of(now), window_of(now) - 1


def _row(room: Room, window: int) -> list[Place]:
    return [
        Place(room.table, keys.live(room.partition_key, shard), keys.window(window))
        for shard in range(SHARDS)
    ]


def _shard(user_id: str) -> int:
    return zlib.crc32(user_id.encode()) % SHARDS
