"""Bring somebody from what they hold of a room to its head: what was changed, then what is new, nothing left
out.

First come the messages that they hold and that were edited or removed since, in the order of the change log;
then the new ones, by key range. Reads are read-committed: a head may be seen before the log entry that it
counts, an entry before the message that it is about, a message before the one that precedes it. Whoever holds
a revision has been given all up to it, so reading stops before whatever is not visible yet, and is tried
again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from chat.deployment import Deployment
from chat.rules.erasure import MOST_RANGES, Ranges, from_seq, joined, unpacked
from chat.rules.gaps import Numbered, before_recent_gap
from chat.rules.generations import is_from_before
from chat.rules.models import Head, Item, Message
from chat.rules.record import record
from chat.rules.retention import readable_since
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.rules.visibility import Sight
from chat.steps.batches import found_at
from chat.steps.retry import retried
from chat.storage import keys
from chat.storage.change_log import LogEntry, LogPage, entries_since
from chat.storage.items import is_expired, to_message
from chat.storage.places import in_room
from chat.storage.store import Slice, numbered
from chat.storage.tables import MOST_ACTIONS

MOST_BEHIND = 1_000
"""Whoever is further behind reads the room's newest messages sooner than all that they have missed."""

REREADS, REREAD_PAUSE_S = 3, 0.05
_LOG_PAGES = 8


@record(frozen=True, slots=True)
class Held:
    """What somebody holds of a room: every message up to number `seq`, of the instant `ts` (ms), in a state
    at least as new as the revision `rev`. `seq` is `None` where only the instant is known. `generation`: the
    tables' in which a reading that goes on began; else `rev` says whether it was this one. `part`: of how many messages of the
    next entry of the change log, where that is about several, the same is true."""

    seq: int | None
    ts: int
    rev: int
    generation: int | None = None
    part: int = 0

    @classmethod
    def all_of(cls, head: Head) -> "Held":
        return cls(head.seq, head.ts, head.rev)


NOTHING = Held(0, 0, 0)


@record(frozen=True, slots=True)
class CaughtUp:
    """Messages as they are now, and what is held with them. `complete`: that is the head, or with `reset` all
    must be read anew. `erased`: the numbers of messages whose senders were erased; who holds one of these holds nothing of it
    any more but that it was."""

    messages: Sequence[Message]
    held: Held
    complete: bool
    reset: bool = False
    erased: Ranges = ()

    def as_selected(self, head: Head, *, erased: bool) -> "CaughtUp":
        """The same for somebody who asks for `erased`, or does not: who would not learn of an erasure reads the room
        anew."""
        if erased or not self.erased:
            return self
        return CaughtUp([], Held.all_of(head), complete=True, reset=True)


def catch_up(
    deployment: Deployment,
    room: Room,
    sight: Sight,
    held: Held,
    limit: int,
    tally: Tally,
    deadline: float,
    *,
    far: bool = True,
) -> CaughtUp:
    """Up to `limit` messages that lead from `held` to the head of `sight`, which was read before, consistently; those that
    somebody with this sight may see.

    `far`: whether somebody too far behind is to read anew; not in the middle of a reading. Raises
    `ServiceUnavailable`.
    """
    head = sight.head
    is_lost = held.rev > head.rev or _is_from_before(held, head)
    if is_lost or sight.is_outdated(held.seq, held.ts, held.rev):
        return CaughtUp([], Held.all_of(head), complete=True, reset=True)
    reading = _CatchingUp(deployment, room, sight, held, limit, tally, deadline)
    return reading.run(far=far)


def _is_from_before(held: Held, head: Head) -> bool:
    """Whether this was held in an earlier generation of the tables. Who holds nothing, holds nothing of it."""
    if held.generation is not None:
        return held.generation != head.generation
    return held != NOTHING and is_from_before(held.rev, head)


@record(frozen=True, slots=True)
class _Named:
    """A message that an entry is about: which of how many."""

    entry: LogEntry
    sort_key: str
    seq: int
    part: int
    is_last: bool


Outcome = Literal["done", "full", "blocked", "lost"]
"""`full`: no more in this answer. `blocked`: something is not visible yet. `lost`: something never will
be."""


class _CatchingUp:
    """One catch-up on its way."""

    def __init__(
        self,
        deployment: Deployment,
        room: Room,
        sight: Sight,
        held: Held,
        limit: int,
        tally: Tally,
        deadline: float,
    ) -> None:
        self._deployment = deployment
        self._room = room
        self._head = head = sight.head
        self._held = held
        self._limit = limit
        self._tally = tally
        self._deadline = deadline
        self._first = sight.first
        """The least number that may be seen. What is held lies there, so new messages do, too."""
        self._now, self._recency = deployment.now(), deployment.recency()
        self._floor = keys.message_floor(readable_since(head, deployment.defaults, self._now))
        self._messages: list[Message] = []
        self._given: dict[str, int] = {}
        self._erased: list[tuple[int, int]] = []

    def run(self, *, far: bool) -> CaughtUp:
        if self._deployment.clock_in_doubt():
            self._tally["ClockInDoubt"] = 1
        self._find_number()
        if far and self._held.seq is not None and self._head.seq - self._held.seq > MOST_BEHIND:
            return self._reset()
        outcome: Outcome = "blocked"
        for attempt in range(1 + REREADS):
            if attempt:
                self._tally.add("Rereads")
                self._deployment.sleep(self._deployment.chance() * REREAD_PAUSE_S)
            outcome = self._changed()
            if outcome == "done":
                outcome = self._new()
            if outcome != "blocked":
                break
        if outcome == "lost":
            return self._reset()
        erased = from_seq(joined(self._erased), self._first)
        return CaughtUp(self._messages, self._held, complete=outcome == "done", erased=erased)

    def _reset(self) -> CaughtUp:
        return CaughtUp([], Held.all_of(self._head), complete=True, reset=True)

    @property
    def _space(self) -> int:
        return self._limit - len(self._messages)

    def _find_number(self) -> None:
        """The number of the newest message held, where only its instant is known and it matters."""
        if self._held.seq is None and self._held.ts < self._head.ts:
            newest = self._newest_below(keys.message_floor(self._held.ts + 1))
            self._held = replace(self._held, seq=newest.seq if newest else None)

    # what was changed

    def _changed(self) -> Outcome:
        """Give the messages held that were changed since, and hold the head's revision."""
        for _ in range(_LOG_PAGES):
            page = self._log_page()
            outcome = self._take(page.entries)
            if outcome != "done":
                return outcome
            if page.then == "complete":
                self._held = replace(self._held, rev=self._head.rev, part=0)
                return "done"
            if page.then != "more":
                return "blocked" if page.then == "recent" else "lost"
        return "full"

    def _log_page(self) -> LogPage:
        with self._tally.timing("StoreMs"):
            return retried(
                self._deployment,
                lambda: entries_since(
                    self._deployment.store,
                    self._room,
                    self._held.rev,
                    self._head,
                    count=MOST_ACTIONS,
                    recency=self._recency,
                ),
                self._deadline,
            )

    def _take(self, entries: Sequence[LogEntry]) -> Outcome:
        """Take over changes in their order, up to the first that is more than is asked for, or not visible in
        its message."""
        named = self._named(entries)
        chosen, wanted = self._choose(named)
        items = self._items(wanted)
        changed: dict[str, Message] = {}
        outcome: Outcome = "done" if len(chosen) == len(named) else "full"
        for each in chosen:
            entry, item = each.entry, items.get(each.sort_key)
            if entry.erased is not None:
                self._erased += unpacked(entry.erased)
            if item and int(item.get("rev", {"N": "0"})["N"]) < entry.rev:
                outcome = "blocked"
                break
            if item and self._is_held(each.sort_key) and self._lives(each.sort_key, item):
                changed[each.sort_key] = message = to_message(self._room, item)
                self._given[each.sort_key] = message.rev or 0
            if each.is_last:
                self._held = replace(self._held, rev=entry.rev, part=0)
            else:
                self._held = replace(self._held, part=each.part)
        self._messages += sorted(changed.values(), key=lambda message: message.rev or 0)
        return outcome

    def _named(self, entries: Sequence[LogEntry]) -> list[_Named]:
        """The messages that entries are about, in order, but for those that are held of the first. An erasure names none: it
        is told in one."""
        named, part = [], self._held.part
        for entry in entries:
            if entry.erased is not None:
                named.append(_Named(entry, "", 0, 1, is_last=True))
                continue
            numbered_keys = entry.numbered_keys
            named += [
                _Named(entry, sort_key, seq, number, number == len(numbered_keys))
                for number, (sort_key, seq) in enumerate(numbered_keys, 1)
                if number > part
            ]
            part = 0
        return named

    def _choose(self, named: Sequence[_Named]) -> tuple[list[_Named], list[str]]:
        """Those that there is space for, and the messages to look at.

        These are the ones held, and of the others those that were changed just now: they are yet to be read
        as new, and must by then be seen as the change has left them, since nobody will get it again. What this
        answer has already, as new as that, is not looked at again.
        """
        wanted: dict[str, bool] = {}
        chosen: list[_Named] = []
        ranges = len(self._erased)
        for each in named:
            if each.entry.erased is not None:
                if ranges >= MOST_RANGES:
                    break
                ranges += 1 + each.entry.erased.count(",")
            if each.entry.erased is not None or each.seq < self._first:
                chosen.append(each)
                continue
            held = self._is_held(each.sort_key)
            is_recent = self._recency.covers(each.entry.ts, each.entry.written_at)
            is_given = self._given.get(each.sort_key, -1) >= each.entry.rev
            if (held or is_recent) and not is_given and each.sort_key not in wanted:
                if (held and sum(wanted.values()) == self._space) or len(wanted) == MOST_ACTIONS:
                    break
                wanted[each.sort_key] = held
            chosen.append(each)
        return chosen, list(wanted)

    def _is_held(self, sort_key: str) -> bool:
        return sort_key < keys.message_floor(self._held.ts + 1)

    def _lives(self, sort_key: str, item: Item) -> bool:
        return sort_key >= self._floor and not is_expired(item, self._now // 1_000)

    def _items(self, sort_keys: Sequence[str]) -> Mapping[str, Item]:
        places = [in_room(self._room, each) for each in sort_keys]
        with self._tally.timing("StoreMs"):
            found = found_at(self._deployment, places, self._deadline, consistent=True)
        return {place.sort_key: item for place, item in found.items()}

    # what is new

    def _new(self) -> Outcome:
        """Give the messages after those held, up to the head, and hold it."""
        head, low = self._head, max(self._floor, keys.message_floor(self._held.ts + 1))
        high = keys.message_floor(head.ts + 1)
        if low >= high:
            self._held = Held.all_of(head)
            return "done"
        if not self._space:
            return "full"
        found = self._slice(low, high, limit=self._space, now_s=self._now // 1_000)
        count = self._before_gap(found, low)
        kept = found.messages if count is None else found.messages[: count - 1]
        self._messages += [message for _, message in kept if (message.seq or 0) >= self._first]
        if count is None and found.position is None:
            self._held = Held.all_of(head)
            return "done"
        position = found.position if count is None else kept[-1][0] if kept else None
        if position is not None:
            numbers = {sort_key: message.seq for sort_key, message in kept[-1:]}
            self._held = replace(self._held, seq=numbers.get(position), ts=keys.instant(position))
        return "full" if count is None else "blocked"

    def _before_gap(self, found: Slice, low: str) -> int | None:
        """How many numbers, from the last one held on, come before a recent gap; `None` without one."""
        head, recency = self._head, self._recency
        spots = [numbered(*each) for each in found.messages]
        if found.position is None:  # the page must reach the head: the next number is yet to come
            spots.append(Numbered(head.ts, head.seq + 1, head.written_at))
        if not (spots and recency.covers(spots[-1].ts, spots[-1].written_at)):
            return None
        return before_recent_gap([self._before(low, spots[0]), *spots], recency, forward=True)

    def _before(self, low: str, first: Numbered) -> Numbered:
        """What stands just before the page's first message: what is held, unless that is not next to it,
        having expired."""
        held = self._held
        if held.seq is not None and low == keys.message_floor(held.ts + 1):
            return Numbered(held.ts, held.seq)
        if not self._recency.covers(first.ts, first.written_at):
            return Numbered(0, None)
        return self._newest_below(low) or Numbered(0, 0)

    def _newest_below(self, key: str) -> Numbered | None:
        """The newest message before a key, even if it has expired."""
        found = self._slice(keys.message_floor(0), key, limit=1, now_s=0, forward=False)
        return next((numbered(*each) for each in found.messages), None)

    def _slice(self, low: str, high: str, *, limit: int, now_s: int, forward: bool = True) -> Slice:
        with self._tally.timing("StoreMs"):
            return retried(
                self._deployment,
                lambda: self._deployment.store.slice(
                    self._room, low, high, forward=forward, limit=limit, now_s=now_s, consistent=True
                ),
                self._deadline,
            )
