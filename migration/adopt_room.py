"""Adopt one room: plan, copy, switch, remove. What an earlier run has done is found in the table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from chat.rules.instants import to_wire
from chat.rules.models import DAY_MS, Item
from chat.rules.rooms import Room
from chat.storage import keys, legacy
from chat.storage.items import key
from migration import copies
from migration.memberships import count_owners
from migration.plan import Entry, Plan, Skipped, make_plan
from migration.report import RoomReport
from migration.tables import Tables, batches

PLANS = 20
"""How often a room is planned anew when another process changes it meanwhile."""


class ConcurrentChange(Exception):
    """Another run, or an old writer, has changed the room since it was read."""


class Refusal(Exception):
    """The room is left as it is; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How rooms are adopted. `now` gives epoch ms; `batch` is the number of items in a transaction."""

    retention_days: int
    allow_expiry: bool
    dry_run: bool
    now: Callable[[], int]
    batch: int = 25


def adopt_room(
    tables: Tables, room: Room, rules: Rules, report: RoomReport, progress: Callable[[str], None]
) -> None:
    """Adopt `room`, and write into `report` what became of it. Raises `StoreFailure`."""
    adoption = _Adoption(tables, room, rules, report, progress)
    for _ in range(PLANS):
        try:
            adoption.run()
            return
        except ConcurrentChange:
            progress("the room has changed; planning anew")
        except Refusal as refusal:
            report.outcome, report.why = "refused", str(refusal)
            return
    report.outcome, report.why = "failed", "This room keeps changing: stop the old writers."


class _Adoption:
    """One room while it is adopted."""

    def __init__(
        self,
        tables: Tables,
        room: Room,
        rules: Rules,
        report: RoomReport,
        progress: Callable[[str], None],
    ) -> None:
        self._tables = tables
        self._room = room
        self._rules = rules
        self._report = report
        self._progress = progress

    def run(self) -> None:
        """Whatever is left to do. Raises `ConcurrentChange` and `Refusal`."""
        while (head := self._item(keys.HEAD)) is None:
            before = self._item(keys.ADOPTION)
            if before is not None and before["phase"]["S"] == copies.REVERTING:
                raise Refusal("It is being reverted: --revert goes on with that.")
            plan = make_plan(self._tables.messages(self._room), self._rules.retention_days)
            started_at = int(before["startedAt"]["N"]) if before else self._rules.now()
            self._describe(plan, started_at)
            self._check(plan, started_at)
            if self._rules.dry_run:
                self._report.outcome = "wouldAdopt"
                return
            if before is None or before["plan"]["S"] != plan.digest:
                self._write([copies.claim(self._room, plan.digest, started_at, before)])
                continue  # a head may have been written before; from here on one comes under this plan alone
            missing, stale = plan.missing(started_at), plan.stale()
            if missing or stale:
                self._copy(plan, missing, stale)
                continue  # all is read once more: an old writer may have written meanwhile
            owners = count_owners(self._tables, self._room)
            self._write(copies.switch(self._room, plan, self._rules.now(), owners))
        self._finish(head)

    def _item(self, sort_key: str) -> Item | None:
        return self._tables.item(self._room, self._room.partition_key, sort_key)

    def _write(self, actions: Sequence[dict[str, Any]]) -> None:
        if not self._tables.write(self._room, actions):
            raise ConcurrentChange

    def _describe(self, plan: Plan, now: int) -> None:
        report, entries = self._report, plan.entries
        report.outcome = "adopted"
        report.messages, report.skipped = len(entries), plan.skipped
        if entries:
            report.first, report.last = to_wire(entries[0].ts), to_wire(entries[-1].ts)
        report.rewritten_keys, report.moved = plan.rewritten, plan.moved
        report.without_offset, report.contradictory = plan.without_offset, plan.contradictory
        report.past_retention = sum(plan.expired(entry, now) for entry in entries)

    def _check(self, plan: Plan, now: int) -> None:
        if not plan.entries and not self._report.members_added + self._report.members_kept:
            raise Refusal("There is no message here that can be read, and nobody on the roster.")
        if plan.already_numbered:
            raise Refusal(
                f"{plan.already_numbered} of its messages have a seq already, though it has no head."
            )
        late = [entry for entry in plan.entries if entry.ts > now + DAY_MS]
        if late:
            raise Refusal(
                f"{len(late)} of its messages are dated in the future, the first {late[0].order_key.sort_key}:"
                " until then nothing could be sent with a true ts. Date them anew or remove them."
            )
        if self._report.past_retention and not self._rules.allow_expiry:
            days = (now - plan.entries[0].ts) // DAY_MS + 2
            raise Refusal(
                f"{self._report.past_retention} of its messages are older than {plan.retention_days} days and"
                f" would expire at once: --retention-days {days} keeps them, --allow-expiry lets them expire."
            )

    def _copy(self, plan: Plan, missing: Sequence[Entry], stale: Sequence[tuple[str, bool]]) -> None:
        size = self._rules.batch
        fence = copies.under_plan(self._room, plan.digest)
        for start in range(0, len(stale), size):
            for batch in batches(self._rollback(stale[start : start + size]), size):
                self._write([fence, *batch])
        done = len(plan.entries) - len(missing)
        for start in range(0, len(missing), size):
            for batch in batches(self._copies(plan, missing[start : start + size]), size):
                self._write([fence, *batch])
            self._progress(
                f"{done + min(start + size, len(missing)):,} of {len(plan.entries):,} messages numbered"
            )

    def _stored(self, sort_keys: Sequence[str]) -> dict[str, Item]:
        wanted = [key(self._room.partition_key, sort_key) for sort_key in sort_keys]
        return {item["SK"]["S"]: item for item in self._tables.items(self._room, wanted)}

    def _copies(self, plan: Plan, entries: Sequence[Entry]) -> list[dict[str, Any]]:
        stored = self._stored([entry.order_key.sort_key for entry in entries])
        puts = []
        for entry in entries:
            item = stored.get(entry.order_key.sort_key)
            if item is None:
                raise ConcurrentChange
            made = copies.adopted(self._room, item, entry, legacy.message_id(item), plan.expires_at(entry))
            puts.append({"Put": {"Item": made}})
        return puts

    def _rollback(self, stale: Sequence[tuple[str, bool]]) -> list[dict[str, Any]]:
        """Delete the copies of another plan; one that replaced a message becomes that message again."""
        stored = self._stored([sort_key for sort_key, _ in stale])
        return [
            {"Put": {"Item": copies.restored(stored[sort_key])}}
            if is_original
            else {"Delete": {"Key": key(self._room.partition_key, sort_key)}}
            for sort_key, is_original in stale
            if sort_key in stored
        ]

    def _finish(self, head: Item) -> None:
        """Remove the old items that have copies or have expired; the others are reported."""
        report, room = self._report, self._room
        if not self._rules.dry_run:
            self._complete(head)
        if "adoptedAt" not in head:
            report.outcome = "alreadyAdopted"
            report.skipped = [
                self._skipped(item) for item in self._tables.messages(room) if "seq" not in item
            ]
            return
        if report.messages is None:
            report.outcome = "alreadyAdopted"
        copied: set[str] = set()
        old: list[tuple[Skipped, bool]] = []
        for item in self._tables.messages(room):
            if legacy.is_copy(item):
                copied.add(item["adoptedFrom"]["S"])
            elif not legacy.is_numbered(item):
                old.append((self._skipped(item), self._has_expired(item, head)))
        removable = [each.sort_key for each, expired in old if expired or each.sort_key in copied]
        removed = set(removable)
        report.skipped = [each for each, _ in old if each.sort_key not in removed]
        if not self._rules.dry_run:
            self._remove(removable)

    def _complete(self, head: Item) -> None:
        """Write into the head what one of an earlier version lacks: the newest message's id.

        The owners are counted again as long as the head is as it was put: one may have been added meanwhile.
        """
        room, rev = self._room, int(head["rev"]["N"])
        missing: dict[str, Any] = {}
        if rev == 1:
            owners = count_owners(self._tables, room)
            if head.get("owners") != {"N": str(owners)}:
                missing["owners"] = owners
        if "lastId" not in head and int(head["seq"]["N"]):
            newest = self._tables.below(room, f"{keys.message_floor(int(head['ts']['N']))}#")
            ids = [copies.id_in(item["SK"]["S"]) for item in newest if legacy.is_numbered(item)]
            missing |= {"lastId": ids[0]} if ids else {}
        if missing:
            self._write(copies.completed(room, head, missing, self._rules.now()))

    def _has_expired(self, item: Item, head: Item) -> bool:
        """Whether a message was past the retention when its room was adopted, and was allowed to expire."""
        oldest = int(head["adoptedAt"]["N"]) - int(head["retentionDays"]["N"]) * DAY_MS
        try:
            return self._rules.allow_expiry and legacy.order_key(item).ms < oldest
        except legacy.Unreadable:
            return False

    def _remove(self, sort_keys: Sequence[str]) -> None:
        room, size = self._room, self._rules.batch
        for start in range(0, len(sort_keys), size):
            self._write([copies.removal(room, sort_key) for sort_key in sort_keys[start : start + size]])
            self._progress(f"{min(start + size, len(sort_keys)):,} of {len(sort_keys):,} old items removed")
        self._report.removed = len(sort_keys)
        if self._item(keys.ADOPTION):
            self._write([{"Delete": {"Key": key(room.partition_key, keys.ADOPTION)}}])

    def _skipped(self, item: Item) -> Skipped:
        try:
            legacy.order_key(item)
            reason = "late"
        except legacy.Unreadable as unreadable:
            reason = unreadable.reason
        return Skipped(item["PK"]["S"], item["SK"]["S"], reason)
