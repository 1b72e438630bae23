"""The change log of a room: one entry for each edit and removal, chained by `rev`, so that a gap shows.

Each entry names the entry before it (`prev`), and the room's head the last one (`changedRev`). Entries expire after a month.
"""

from dataclasses import dataclass
from typing import Literal

from chat import keys
from chat.models import DAY_MS, Head, Stored
from chat.rooms import Room
from chat.tables import Place, Write

KEPT_MS = 30 * DAY_MS
"""How long somebody may be away and still be told each change."""

Kind = Literal["edited", "removed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry(Stored):
    """A change of a message. `id` tells it from any other change, `ts` is in ms."""

    id: str
    rev: int
    prev: int
    message_sk: str
    seq: int
    kind: Kind
    ts: int


def changed_at(head: Head, now: int) -> int:
    """The instant (ms) of a change that is made now: none lies before the room's last, whatever a process's clock says."""
    return max(now, head.ts, head.changed_at)


def logged(room: Room, head: Head, entry: Entry) -> list[Write]:
    """The writes that log a change as the next revision after `head`. The first moves the head, on condition of its `rev`."""
    attributes = {
        "type": "Change",
        "id": entry.id,
        "rev": entry.rev,
        "prev": entry.prev,
        "messageSk": entry.message_sk,
        "seq": entry.seq,
        "kind": entry.kind,
        "ts": entry.ts,
        "expiresAt": (entry.ts + KEPT_MS) // 1_000,
    }
    return [
        Write(
            Place(room.table, room.partition_key, keys.HEAD),
            condition="#rev = :rev",
            given={":rev": head.rev},
            set={"rev": entry.rev, "changedRev": entry.rev, "changedAt": entry.ts},
        ),
        Write(place(room, entry.rev), set=attributes, whole=True),
    ]


def place(room: Room, rev: int) -> Place:
    """Where the entry of a revision lies, if that was a change of a message."""
    return Place(room.table, room.partition_key, keys.change(rev))
