"""Take back again in one room what was taken back in it, as revisions of the room in the new generation: so its `rev`, its
epoch, its change log and its events are what they are after any other change.

Each step looks first and does what is missing, so that a replay that was interrupted is started again from the beginning.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from chat.deployment import Deployment
from chat.operations.remove_message import CONTENT
from chat.rules.models import Head, Item, Notice, attribute
from chat.rules.room_wire import room_to_wire
from chat.rules.rooms import Room
from chat.rules.taken_back import TakenBack
from chat.rules.tally import Tally
from chat.steps.message_change import Target, change_writes, marked
from chat.steps.pins import pin_place, pinned_attributes, unpin_write
from chat.steps.retry import retried, until_room_is_changed
from chat.steps.revision import commit, next_revision
from chat.steps.room_end import commit_end, end_revision
from chat.storage.change_log import changed_at
from chat.storage.items import to_message
from chat.storage.legacy import is_numbered
from chat.storage.mention_items import forget_writes
from chat.storage.places import head_place
from chat.storage.tables import Write
from chat.storage.uploads import delete_writes, files_of, uploads_of
from restore.member_replay import MemberReplay
from restore.outcomes import Outcome, Outcomes
from restore.wanted import RoomWanted, narrowed

Act = Callable[[], None]
Step = Callable[[], "Act | Outcome"]
"""Looks; answers what is to be done, or why nothing is."""


class RoomReplay:
    """One room. `dry_run`: look, and write nothing."""

    def __init__(self, deployment: Deployment, room: Room, outcomes: Outcomes, *, dry_run: bool) -> None:
        self._deployment = deployment
        self._room = room
        self._outcomes = outcomes
        self._dry_run = dry_run

    def replay(self, wanted: RoomWanted) -> None:
        """Raises `ServiceUnavailable` and `StoreFailure`."""
        if wanted.ended is not None:
            self._do("ROOM_DELETED", self._end)
            return
        if wanted.rules:
            self._do("ROOM_UPDATED", partial(self._narrow, wanted.in_order()))
        members = MemberReplay(self._deployment, self._room)
        for user_id, member in wanted.members.items():
            for kind, step in members.steps(user_id, member):
                self._do(kind, step)
        if members.touched_owners and not self._dry_run and members.has_no_owner():
            self._outcomes.ownerless.append(self._room.id)
        for key, entry in wanted.messages.items():
            self._do(entry.kind, partial(self._withhold, Target(self._room, key), entry))

    def _do(self, kind: str, step: Step) -> None:
        def attempt() -> Outcome:
            found = step()
            if isinstance(found, str):
                return found
            if self._dry_run:
                return "due"
            found()
            return "done"

        outcome: Outcome = until_room_is_changed(self._deployment, Tally(), self._room, attempt)
        self._outcomes.count(kind, outcome)

    def _head(self) -> Head | None:
        """The room's head, unless it has ended."""
        head = Head.found(self._deployment.store.tables.get(head_place(self._room)))
        return None if head is None or head.ended_at else head

    def _end(self) -> "Act | Outcome":
        item = self._deployment.store.tables.get(head_place(self._room))
        if item is None:
            return "absent"
        head = Head.of(item)
        if head.ended_at:
            return "stands"
        return lambda: commit_end(
            self._deployment, end_revision(self._deployment, self._room, head, None), []
        )

    def _narrow(self, updates: Sequence[TakenBack]) -> "Act | Outcome":
        if (head := self._head()) is None:
            return "absent"
        changes = narrowed(head, updates, self._deployment.defaults)
        if not changes:
            return "stands"
        rev = head.rev + 1
        changes |= {"ruledRev": rev} | ({"historyRev": rev} if "historyFrom" in changes else {})
        after = replace(head.ruled(changes), rev=rev)
        if "historyFrom" in changes:
            after = replace(after, epoch=head.epoch + 1)
        shown = room_to_wire(self._room, after, self._deployment.defaults)
        notice = Notice(kind="ROOM_UPDATED", room=shown)
        revision = next_revision(self._deployment, self._room, head, None, notice, changes=changes)
        return lambda: commit(self._deployment, revision, [])

    def _withhold(self, target: Target, entry: TakenBack) -> "Act | Outcome":
        """Remove a message that was removed since; or that was edited, since what it said then was taken back, and what it
        said afterwards is not known."""
        places = [head_place(self._room), target.place, pin_place(target)]
        found = self._deployment.store.tables.batch(places, consistent=True)
        head, item = Head.found(found.get(places[0])), found.get(target.place)
        if head is None or head.ended_at or item is None or not is_numbered(item):
            return "absent"
        if "removedAt" in item or (entry.kind == "MESSAGE_EDITED" and _rev_of(item) >= entry.rev):
            return "stands"
        return lambda: self._remove(target, entry, head, item, is_pinned=places[2] in found)

    def _remove(self, target: Target, entry: TakenBack, head: Head, item: Item, *, is_pinned: bool) -> None:
        """Its files go first: once it is removed, nobody would look for them again."""
        message, now = to_message(self._room, item), self._deployment.now()
        lost = uploads_of(self._deployment.store.tables, self._room, message)
        self._delete_files(files_of(message, lost))
        by = {"removedBy": entry.by, "changedBy": entry.by} if entry.by else {}
        writes: list[Write] = change_writes(
            target,
            head,
            message,
            kind="removed",
            now=now,
            change_id=self._deployment.new_id(changed_at(head, now)),
            attributes={"removedAt": entry.at, **by},
            remove=[attribute(each) for each in CONTENT],
        )
        if is_pinned:
            writes = [*marked(writes, pinned_attributes(head, max(0, head.pins - 1))), unpin_write(target)]
        writes += [*delete_writes(self._room, lost), *forget_writes(self._room, message)]
        self._deployment.store.tables.transact(writes)

    def _delete_files(self, names: Sequence[str]) -> None:
        uploads = self._deployment.uploads() if names else None
        if uploads is not None:
            retried(self._deployment, lambda: uploads.objects.delete(names))


def _rev_of(item: Item) -> int:
    """The revision that the item is of, whatever it was that the room did to it last."""
    return int((item.get("rev") or item.get("sentRev") or {"N": "0"})["N"])
