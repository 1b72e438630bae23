"""What adopting a room will write: the order of its messages, their numbers, instants and keys. No I/O.

A plan depends on nothing but the messages as they were first written, so that every run makes the same one.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from chat.rules.models import DAY_MS, Item
from chat.storage import keys, legacy
from chat.storage.legacy import OrderKey


class Entry(NamedTuple):
    """One message: what orders it, its old key included, and its new number, instant (ms) and key."""

    order_key: OrderKey
    seq: int
    ts: int
    key: str


class Written(NamedTuple):
    """What an earlier run has written under a key."""

    adopted_from: str
    seq: int
    expires_at: int


@dataclass(frozen=True, slots=True)
class Skipped:
    """An item that is left as it is: its key, and why (`key`, `id`, `sender`, `text`, `type`, `late`)."""

    partition_key: str
    sort_key: str
    reason: str


@dataclass(slots=True)
class Plan:
    """A room's messages in order.

    `moved` counts those whose instant was moved behind the one before, `already_numbered` those with a `seq`
    that no adoption has written.
    """

    retention_days: int
    entries: list[Entry] = field(default_factory=list)
    written: dict[str, Written] = field(default_factory=dict)
    skipped: list[Skipped] = field(default_factory=list)
    moved: int = 0
    without_offset: int = 0
    contradictory: int = 0
    already_numbered: int = 0

    @property
    def rewritten(self) -> int:
        return sum(entry.key != entry.order_key.sort_key for entry in self.entries)

    @property
    def digest(self) -> str:
        """The same for two plans that write the same."""
        made = hashlib.sha256(f"{self.retention_days}\n".encode())
        for entry in self.entries:
            made.update(f"{entry.order_key.sort_key}\t{entry.seq}\t{entry.key}\n".encode())
        return made.hexdigest()[:32]

    def expires_at(self, entry: Entry) -> int:
        """Epoch seconds."""
        return (entry.ts + self.retention_days * DAY_MS) // 1_000

    def expired(self, entry: Entry, now: int) -> bool:
        return entry.ts < now - self.retention_days * DAY_MS

    def missing(self, now: int) -> list[Entry]:
        """The messages that are not written yet as planned, without those past the retention."""
        return [
            entry
            for entry in self.entries
            if not self.expired(entry, now)
            and self.written.get(entry.key)
            != Written(entry.order_key.sort_key, entry.seq, self.expires_at(entry))
        ]

    def stale(self) -> list[tuple[str, bool]]:
        """Keys that another plan has written to, and whether it replaced a message there."""
        planned = {entry.key: entry.order_key.sort_key for entry in self.entries}
        return [
            (key, written.adopted_from == key)
            for key, written in self.written.items()
            if planned.get(key) != written.adopted_from
        ]


def make_plan(items: Iterable[Item], retention_days: int) -> Plan:
    """The plan for a room's items below `MSG#`."""
    plan = Plan(retention_days)
    found: list[tuple[OrderKey, str]] = []
    occupied: set[str] = set()
    for item in items:
        sort_key = item["SK"]["S"]
        if "adoptedFrom" in item:
            plan.written[sort_key] = _written(item)
        elif legacy.is_numbered(item):
            plan.already_numbered += 1
        if legacy.is_copy(item):
            continue
        occupied.add(sort_key)
        try:
            found.append((legacy.order_key(item), legacy.message_id(item)))
        except legacy.Unreadable as unreadable:
            plan.skipped.append(Skipped(item["PK"]["S"], sort_key, unreadable.reason))
        else:
            _count_oddities(plan, item)
    found.sort()
    _number(plan, found, occupied)
    return plan


def _written(item: Item) -> Written:
    numbers = (int(item.get(name, {}).get("N", 0)) for name in ("seq", "expiresAt"))
    return Written(item["adoptedFrom"]["S"], *numbers)


def _count_oddities(plan: Plan, item: Item) -> None:
    key, attribute = legacy.key_stamp(item), legacy.attribute_stamp(item)
    plan.without_offset += key is not None and not key.placed
    if key and attribute and not (key.covers(attribute.instant) or attribute.covers(key.instant)):
        plan.contradictory += 1


def _number(plan: Plan, found: list[tuple[OrderKey, str]], occupied: set[str]) -> None:
    """Number the messages. No new key may be one under which another message is still stored."""
    ts = -1
    for seq, (order_key, message_id) in enumerate(found, start=1):
        ts = max(order_key.ms, ts + 1)
        while (key := keys.message(ts, message_id)) in occupied and key != order_key.sort_key:
            ts += 1
        plan.moved += ts != order_key.ms
        plan.entries.append(Entry(order_key, seq, ts, key))
