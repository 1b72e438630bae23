"""Take one room back: its messages in the old form, and nothing else of the chat.

As an adoption, in its reverse order: the old items are written beside the numbered ones, which readers with a head
do not see; then the head goes, if nothing was written since it was read, and readers without a head go by the old
items; then everything else goes. What an earlier run has done is found in the table.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from chat.rules.models import Item
from chat.rules.rooms import Room
from chat.storage import keys, legacy
from chat.storage.items import is_expired, key
from migration import copies
from migration.adopt_room import PLANS, ConcurrentChange, Refusal, Rules
from migration.old_form import DEFAULT, Form, is_in_place, old_item, old_key
from migration.report import RoomReport
from migration.tables import Tables, batches

LINE = frozenset({"PK", "SK", "type", "role", "status", "joinedSeq", "mutedUntil"})
"""What the chat writes into a line of the room's list of members. Another service may keep more in it."""


def revert_room(
    tables: Tables, room: Room, rules: Rules, report: RoomReport, progress: Callable[[str], None]
) -> None:
    """Take `room` back, and write into `report` what became of it. Raises `StoreFailure`."""
    reversion = _Reversion(tables, room, rules, report, progress)
    for _ in range(PLANS):
        try:
            reversion.run()
            return
        except ConcurrentChange:
            progress("the room has changed; beginning anew")
        except Refusal as refusal:
            report.outcome, report.why = "refused", str(refusal)
            return
    report.outcome, report.why = "failed", "This room keeps changing: take the API's mutations off first."


class _Reversion:
    """One room while it is taken back."""

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
        head, begun = self._item(keys.HEAD), self._item(keys.ADOPTION)
        if head is not None:
            self._check(head)
            form = self._form()
            self._restore(form)
            if self._rules.dry_run:
                self._report.outcome = "wouldRevert"
                return
            rev, now = int(head["rev"]["N"]), self._rules.now()
            self._write(copies.switch_back(self._room, rev, form.example, now))
        elif begun is not None and begun["phase"]["S"] == copies.REVERTING:
            form = Form.of(begun)
        else:
            raise Refusal("It has no head: it was never adopted, or is reverted already.")
        if not self._rules.dry_run:
            self._clear(form)
        self._report.outcome = "reverted"

    def _check(self, head: Item) -> None:
        if "adoptedAt" not in head:
            raise Refusal("It was not adopted, but made in the chat: there is no old form to go back to.")
        if "endedAt" in head:
            raise Refusal("It has ended, and what was stored of it is removed.")

    def _item(self, sort_key: str) -> Item | None:
        return self._tables.item(self._room, self._room.partition_key, sort_key)

    def _write(self, actions: Sequence[dict[str, Any]]) -> None:
        if not self._tables.write(self._room, actions):
            raise ConcurrentChange

    def _form(self) -> Form:
        """How the room's newest adopted message was written."""
        adopted = (item for item in self._numbered() if "adoptedFrom" in item)
        newest = max(adopted, key=lambda item: int(item["seq"]["N"]), default=None)
        return DEFAULT if newest is None else Form.of(newest)

    def _numbered(self) -> Iterator[Item]:
        return (item for item in self._tables.messages(self._room) if legacy.is_numbered(item))

    def _comes_back(self, item: Item) -> bool:
        """What was removed, or has expired, is gone for good."""
        return "removedAt" not in item and not is_expired(item, self._rules.now() // 1_000)

    def _restore(self, form: Form) -> None:
        """Write the old items beside the numbered ones, but for those whose key would be the same."""
        report = self._report
        report.messages = report.not_returned = report.without_files = 0
        for items in _in_batches(self._numbered(), self._rules.batch):
            returning = [item for item in items if self._comes_back(item)]
            report.messages += len(returning)
            report.not_returned += len(items) - len(returning)
            report.without_files += sum("attachments" in item for item in returning)
            if not self._rules.dry_run:
                self._write_old([item for item in items if not is_in_place(item, form)], form)
                self._progress(f"{report.messages:,} messages written back")

    def _write_old(self, items: Sequence[Item], form: Form) -> None:
        wanted = {
            old_key(item, form): old_item(self._room, item, form) if self._comes_back(item) else None
            for item in items
        }
        places = [key(self._room.partition_key, sort_key) for sort_key in wanted]
        stored = {item["SK"]["S"]: item for item in self._tables.items(self._room, places)}
        puts = [
            {"Put": {"Item": item}}
            for sort_key, item in wanted.items()
            if item is not None and stored.get(sort_key) != item
        ]
        deletes = [copies.removal(self._room, sort_key) for sort_key in stored if wanted[sort_key] is None]
        self._write_all([*puts, *deletes])

    def _write_all(self, actions: Sequence[dict[str, Any]]) -> None:
        for batch in batches(actions, self._rules.batch):
            self._write(batch)

    def _clear(self, form: Form) -> None:
        """Take everything else of the chat away. Nobody writes it any more."""
        self._take(self._numbered(), lambda item: self._cleared(item, form))
        for prefix in (keys.ROSTER, keys.BANS, keys.INVITATIONS):
            self._take(self._tables.below(self._room, prefix), self._person)
        for prefix in (keys.CHANGES, keys.EVENTS, keys.UPLOADS):
            self._take(self._tables.below(self._room, prefix), lambda item: [_delete(item)])
        self._write([{"Delete": {"Key": key(self._room.partition_key, keys.ADOPTION)}}])

    def _take(self, items: Iterable[Item], actions: Callable[[Item], list[dict[str, Any]]]) -> None:
        for batch in _in_batches(items, max(self._rules.batch // 3, 1)):
            wanted = {repr(action): action for item in batch for action in actions(item)}
            self._write_all(list(wanted.values()))  # no transaction takes the same twice
            self._report.removed += len(batch)
            self._progress(f"{self._report.removed:,} items of the chat removed")

    def _cleared(self, item: Item, form: Form) -> list[dict[str, Any]]:
        """A numbered message goes, or takes its old form in its place; and the proof of its send goes."""
        restored = is_in_place(item, form) and self._comes_back(item)
        own = {"Put": {"Item": old_item(self._room, item, form)}} if restored else _delete(item)
        name = item.get("clientMessageId", item["id"])["S"]
        proof = key(keys.user_partition(item["senderId"]["S"]), keys.sent(self._room.partition_key, name))
        return [own] if "adoptedFrom" in item else [own, {"Delete": {"Key": proof}}]

    def _person(self, line: Item) -> list[dict[str, Any]]:
        """Membership and receipts of somebody on a list of the room, and their line unless another service keeps
        something in it."""
        partition = keys.user_partition(keys.user_in(line["SK"]["S"]))
        own = [keys.membership(self._room.partition_key), keys.receipts(self._room.partition_key)]
        theirs = line["SK"]["S"].startswith(keys.ROSTER) and not line.keys() <= LINE
        return [
            *({"Delete": {"Key": key(partition, sort_key)}} for sort_key in own),
            *([] if theirs else [_delete(line)]),
        ]


def _delete(item: Item) -> dict[str, Any]:
    return {"Delete": {"Key": {"PK": item["PK"], "SK": item["SK"]}}}


def _in_batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
