"""The change log of a room: one entry for each edit, removal, erasure and summary of reactions, chained by `rev`, so that a gap shows.

Each entry names the entry before it (`prev`), and the room's head the last one (`changedRev`). Entries expire
after a month.
"""

import json
from collections.abc import Sequence
from typing import Any, Literal

from chat.rules.erasure import Ranges, count_between, covers, joined, unpacked
from chat.rules.gaps import Recency
from chat.rules.models import Head, Stored
from chat.rules.record import record
from chat.rules.removals import Removals
from chat.rules.retention import KEPT_MS
from chat.rules.rooms import Room
from chat.storage import keys
from chat.storage.places import Place, head_place, in_room
from chat.storage.store import Store
from chat.storage.tables import Write

_AT_ONCE = 100
_LOOKED_THROUGH, _LOOKS = 500, 4

Kind = Literal["edited", "removed", "reacted", "erased"]


@record(frozen=True, slots=True, kw_only=True)
class LogEntry(Stored):
    """A change of a message. `id` tells it from any other change; `ts` (ms) is its instant, `prev_ts` that of
    `prev`, and `written_at` and `prev_written_at` (ms) are when they were written.

    One of reactions may be about several messages: `messages` has the sort key and the number of each as JSON, and
    `message_sk` and `seq` are those of the first. An erasure is about no single message: `erased` has the numbers of all of
    them (`chat/rules/erasure.py:packed`), and the other two are empty and 0."""

    id: str
    rev: int
    prev: int
    prev_ts: int
    message_sk: str
    seq: int
    kind: Kind
    ts: int
    written_at: int = 0
    prev_written_at: int = 0
    messages: str | None = None
    erased: str | None = None

    @property
    def numbered_keys(self) -> list[tuple[str, int]]:
        """The sort key and the number of each message that it is about by itself."""
        if self.erased is not None:
            return []
        if self.messages is None:
            return [(self.message_sk, self.seq)]
        return [(sort_key, seq) for sort_key, seq in json.loads(self.messages)]

    @property
    def sort_keys(self) -> list[str]:
        """Of all messages that it is about."""
        return [sort_key for sort_key, _ in self.numbered_keys]


def changed_at(head: Head, now: int) -> int:
    """The instant (ms) of a change that is made now: none lies before the room's last, whatever a process's
    clock says."""
    return max(now, head.ts, head.changed_at)


def log_writes(room: Room, head: Head, entry: LogEntry) -> list[Write]:
    """The writes that log a change as the next revision after `head`. The first moves the head, on condition
    of its `rev`."""
    return [
        Write(
            head_place(room),
            condition="#rev = :rev",
            given={":rev": head.rev},
            set={"rev": entry.rev, **logged(head, entry)},
        ),
        entry_write(room, entry),
    ]


def logged(head: Head, entry: LogEntry) -> dict[str, Any]:
    """The attributes of the head that an entry changes, but for `rev`."""
    return {
        "changedRev": entry.rev,
        "changedAt": entry.ts,
        "changeWrittenAt": entry.written_at,
        **removed_with(head, entry),
    }


def entry_write(room: Room, entry: LogEntry) -> Write:
    """The write of the entry itself. Nothing guards it: the head's does, in the same transaction."""
    attributes = {
        "type": "Change",
        "id": entry.id,
        "rev": entry.rev,
        "prev": entry.prev,
        "prevTs": entry.prev_ts,
        "messageSk": entry.message_sk,
        "seq": entry.seq,
        "kind": entry.kind,
        "ts": entry.ts,
        "writtenAt": entry.written_at,
        "prevWrittenAt": entry.prev_written_at,
        "expiresAt": (entry.ts + KEPT_MS) // 1_000,
    }
    if entry.messages is not None:
        attributes["messages"] = entry.messages
    if entry.erased is not None:
        attributes["erased"] = entry.erased
    return Write(entry_place(room, entry.rev), set=attributes, whole=True)


def removed_with(head: Head, entry: LogEntry) -> dict[str, str]:
    """What the head says of removed messages once `entry` is logged, where that changes it."""
    removals = Removals.parse(head.removed)
    if entry.kind == "removed":
        return {"removed": str(removals.added(entry.seq))}
    if entry.erased is None:
        return {}
    for first, last in unpacked(entry.erased):
        removals = removals.added_run(first, last)
    return {"removed": str(removals)}


def entry_place(room: Room, rev: int) -> Place:
    """Where the entry of a revision lies, if that was a change of a message."""
    return in_room(room, keys.change(rev))


@record(frozen=True, slots=True)
class LogPage:
    """Entries that follow a revision without a gap, and what comes after them.

    `complete`: they reach the head's last. `more`: there are more to be read. `recent`: one is missing that
    may not be visible yet. `lost`: one is missing that has expired.
    """

    entries: Sequence[LogEntry]
    then: Literal["complete", "more", "recent", "lost"]


def entries_since(
    store: Store, room: Room, since: int, head: Head, *, count: int, recency: Recency
) -> LogPage:
    """Up to `count` changes later than the revision `since`, up to the last that `head` knows.

    Reads are read-committed, so that the head may be seen before the log, and an entry before the one that it
    follows.
    """
    if since >= head.changed_rev:
        return LogPage([], "complete")
    items, further = store.tables.query_page(
        room.table,
        room.partition_key,
        keys.change(since + 1),
        keys.change(head.changed_rev),
        forward=True,
        count=count,
        consistent=True,
    )
    found = [LogEntry.of(item) for item in items]
    chained: list[LogEntry] = []
    known = since
    for entry in found:
        if entry.prev > known:
            break
        chained.append(entry)
        known = entry.rev
    if known >= head.changed_rev:
        return LogPage(chained, "complete")
    if len(chained) < len(found):
        after = found[len(chained)]
        return LogPage(chained, "recent" if recency.covers(after.prev_ts, after.prev_written_at) else "lost")
    if further:
        return LogPage(chained, "more")
    return LogPage(chained, "recent" if recency.covers(head.changed_at, head.change_written_at) else "lost")


def recent_changes(store: Store, room: Room, head: Head, *, recency: Recency) -> dict[str, int] | None:
    """What the room's recent changes have made of its messages: the least revision that each must show, by
    sort key.

    `None` where one of these changes is not visible yet.
    """
    least: dict[str, int] = {}
    awaited, is_recent = head.changed_rev, recency.covers(head.changed_at, head.change_written_at)
    while awaited and is_recent:
        items, _ = store.tables.query_page(  # the next one begins at what is awaited then
            room.table,
            room.partition_key,
            keys.change(0),
            keys.change(awaited),
            forward=False,
            count=_AT_ONCE,
            consistent=True,
        )
        for entry in (LogEntry.of(item) for item in items):
            if entry.rev != awaited:
                return None
            for sort_key in entry.sort_keys:
                least.setdefault(sort_key, entry.rev)
            awaited, is_recent = entry.prev, recency.covers(entry.prev_ts, entry.prev_written_at)
            if not is_recent:
                return least
        if not items:
            return None
    return least


@record(frozen=True, slots=True)
class RemovedNumbers:
    """Numbers of messages that were removed or erased."""

    removed: frozenset[int]
    erased: Ranges

    def count_between(self, above: int, below: int) -> int:
        """How many of them are greater than `above` and less than `below`."""
        alone = sum(above < seq < below and not covers(self.erased, seq) for seq in self.removed)
        return alone + count_between(self.erased, above, below)


def removed_numbers(store: Store, room: Room, head: Head) -> RemovedNumbers:
    """The messages that the last 500 edits, removals and erasures up to `head` removed, of the last 2,000 entries at the
    most: one request, where reactions are among them up to four."""
    entries: list[LogEntry] = []
    up_to = head.changed_rev
    for _ in range(_LOOKS):
        items, further = store.tables.query_page(
            room.table,
            room.partition_key,
            keys.change(0),
            keys.change(up_to),
            forward=False,
            count=_LOOKED_THROUGH,
            consistent=False,
        )
        entries += [entry for item in items if (entry := LogEntry.of(item)).kind != "reacted"]
        if not further or len(entries) >= _LOOKED_THROUGH:
            break
        up_to = LogEntry.of(items[-1]).rev - 1
    looked_at = entries[:_LOOKED_THROUGH]
    removed = frozenset(entry.seq for entry in looked_at if entry.kind == "removed")
    erased = [run for entry in looked_at if entry.erased for run in unpacked(entry.erased)]
    return RemovedNumbers(removed, joined(erased))
