"""A room's events made again of what the tables hold: the messages by the revision that sent them, the change log with the
messages as they are now, and the items of all other events.

What nobody may read any more is not told again: no message that has expired, no text that was changed or removed since. An item
of another team's, or one that is spoilt, hides no other.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from chat.deployment import Deployment
from chat.rules.events import RoomEvent
from chat.rules.generations import generation_in
from chat.rules.models import Head, Item, Message
from chat.rules.record import record
from chat.rules.retention import readable_since
from chat.rules.revisions import Range, missing
from chat.rules.rooms import Room
from chat.steps.retry import retried
from chat.storage import keys
from chat.storage.change_log import LogEntry
from chat.storage.event_items import as_last_told, event_of
from chat.storage.items import is_expired
from chat.storage.places import Found, in_room

AT_ONCE = 100
"""How many items of each kind one page looks at."""

UNREADABLE = (KeyError, TypeError, ValueError, AttributeError, RecursionError)
"""What reading an item raises that is not as we write it."""

REREAD_PAUSE_S = 0.2
"""Reads are read-committed: a head may be seen before the items that were written with it."""


@record(frozen=True, slots=True)
class Rebuilt:
    """Events in the order of `rev`. `up_to`: the revision up to which that is all there is. `missing`: the revisions among
    them that cannot be made again."""

    events: Sequence[RoomEvent]
    missing: Sequence[Range]
    up_to: int


def rebuild(
    deployment: Deployment, room: Room, head: Head, since: int, until: int, after: int = -1
) -> Rebuilt:
    """Some of the events after the revision `since`, up to `until`, which `head` has reached. Messages up to the instant
    `after` (ms) are known to be earlier. Raises `ServiceUnavailable`."""
    rebuilding = _Rebuilding(deployment, room, head, since, until, after)
    found = rebuilding.run()
    if found.missing and found.up_to == until:
        deployment.sleep(REREAD_PAUSE_S)
        found = rebuilding.run()
    return found


@record(frozen=True, slots=True)
class _Source:
    """What one kind of item tells. `up_to`: up to which revision that is all; `None` where there is no more."""

    events: Sequence[RoomEvent]
    up_to: int | None


class _Rebuilding:
    def __init__(
        self, deployment: Deployment, room: Room, head: Head, since: int, until: int, after: int
    ) -> None:
        self._deployment = deployment
        self._room = room
        self._head = head
        self._since = since
        self._until = until
        self._after = after
        self._now = deployment.now()
        self._floor = readable_since(head, deployment.defaults, self._now)

    def run(self) -> Rebuilt:
        sources = [self._others(), self._changes(), self._sends()]
        up_to = min([self._until, *(each.up_to for each in sources if each.up_to is not None)])
        found = {event.rev: event for each in sources for event in each.events}
        events = [found[rev] for rev in sorted(found) if self._since < rev <= up_to]
        gaps = missing([event.rev for event in events], self._since, up_to, self._head)
        return Rebuilt(events, gaps, up_to)

    def _others(self) -> _Source:
        """The events that have items of their own."""
        items, further = self._query(keys.event(self._since + 1), keys.event(self._until))
        events = [event for item in items if (event := self._event(item)) is not None]
        return _Source(events, _rev_in(items[-1]) if further else None)

    def _changes(self) -> _Source:
        """Edits and removals, in as far as their messages are there."""
        items, further = self._query(keys.change(self._since + 1), keys.change(self._until))
        found = [entry for item in items if not self._is_gone(item) and (entry := _entry(item)) is not None]
        entries = [
            entry for entry in found if entry.kind not in ("reacted", "erased")
        ]  # these have items of their own
        messages = self._messages({entry.message_sk for entry in entries})
        events = [
            event
            for entry in entries
            if (item := messages.get(entry.message_sk)) is not None
            and (event := self._change(entry, item)) is not None
        ]
        return _Source(events, _rev_in(items[-1]) if further else None)

    def _sends(self) -> _Source:
        """Messages by the revisions that sent them."""
        end = keys.message_floor(self._head.ts + 1)
        items, further = self._query(keys.message_floor(self._first_sent()), end)
        sent = [item for item in items if _is_sent(item)]
        events = [
            event for item in sent if not self._is_gone(item) and (event := self._send(item)) is not None
        ]
        return _Source(events, _sent_rev(sent[-1]) if further and sent else None)

    def _first_sent(self) -> int:
        """An instant (ms) with no message that was sent after the revision `since` before it, and hardly another after it.
        Revisions ascend with the instants, so that halving finds it."""
        low, high = max(self._floor, self._after + 1, 0), self._head.ts + 1
        middle = low
        while low < high:
            passed = self._passed(middle)
            if passed is None:
                high = middle
            else:
                low = passed + 1
            middle = (low + high) // 2
        return low

    def _passed(self, instant: int) -> int | None:
        """The instant of the first message from `instant` on, if that was sent up to the revision `since`; `None` if
        later ones were. Messages that do not say it are from before there were any that do."""
        end = keys.message_floor(self._head.ts + 1)
        items, further = self._query(keys.message_floor(instant), end, count=1)
        if items and not _is_sent(items[0]) and further:
            items, further = self._query(keys.message_floor(instant), end)
        sent = [item for item in items if _is_sent(item)]
        if sent:
            return None if _sent_rev(sent[0]) > self._since else keys.instant(sent[0]["SK"]["S"])
        # Of a key that is no message's it is 0, and halving never goes back.
        return max(instant, keys.instant(items[-1]["SK"]["S"])) if items else None

    def _event(self, item: Item) -> RoomEvent | None:
        """The event that an item tells; `None` where it is gone, or is nothing that can be read."""
        if self._is_gone(item):
            return None
        try:
            return event_of(as_last_told(item))
        except UNREADABLE:
            return None

    def _change(self, entry: LogEntry, item: Item) -> RoomEvent | None:
        """What a change has made of a message: as the message is now if that was its last, else without what it was."""
        event = self._event(item)
        if event is None or event.message is None:
            return None
        if event.rev == entry.rev:
            return event
        is_edit = entry.kind == "edited"
        message = replace(
            _without_text(event.message),
            rev=entry.rev,
            version=None,
            edited_at=entry.ts if is_edit else None,
            removed_at=None if is_edit else entry.ts,
        )
        return replace(
            self._earlier(event, entry.rev, message),
            kind="MESSAGE_EDITED" if is_edit else "MESSAGE_REMOVED",
            ts=entry.ts,
            actor_id=None,
        )

    def _send(self, item: Item) -> RoomEvent | None:
        """That a message was sent: as it is, unless it was changed since."""
        event = self._event(item)
        if event is None or event.message is None or event.kind == "MESSAGE_SENT":
            return event
        message = replace(_without_text(event.message), rev=None, version=1, edited_at=None, removed_at=None)
        earlier = self._earlier(event, _sent_rev(item), message)
        return replace(earlier, kind="MESSAGE_SENT", ts=message.ts, actor_id=message.sender_id)

    def _earlier(self, event: RoomEvent, rev: int, message: Message) -> RoomEvent:
        """An earlier event of the same message. In which epoch it was heard is not known any more: the message has its last.
        Revisions leap with generations as epochs do, so that neither belongs to a later one than its number says."""
        generation = min(generation_in(event.epoch), generation_in(rev))
        if generation == self._head.generation > 1 and rev <= self._head.generation_rev:
            generation -= 1
        return replace(event, id=f"{message.id}.{rev}", rev=rev, generation=generation, message=message)

    def _is_gone(self, item: Item) -> bool:
        """Whether it has expired, or is a message that a retention hides."""
        sort_key = item["SK"]["S"]
        hidden = sort_key.startswith(keys.MESSAGES) and keys.instant(sort_key) < self._floor
        try:
            return hidden or is_expired(item, self._now // 1_000)
        except UNREADABLE:
            return True

    def _messages(self, sort_keys: set[str]) -> Mapping[str, Item]:
        if not sort_keys:
            return {}
        places = [in_room(self._room, each) for each in sorted(sort_keys)]
        tables = self._deployment.store.tables
        found: Found = retried(self._deployment, lambda: tables.batch(places, consistent=True))
        return {place.sort_key: item for place, item in found.items()}

    def _query(self, low: str, high: str, count: int = AT_ONCE) -> tuple[list[Item], str | None]:
        if low > high:
            return [], None
        tables, room = self._deployment.store.tables, self._room
        return retried(
            self._deployment,
            lambda: tables.query_page(
                room.table, room.partition_key, low, high, forward=True, count=count, consistent=True
            ),
        )


def _without_text(message: Message) -> Message:
    """Nor what belongs to the text: whom that mentioned is not known any more."""
    return replace(message, text=None, attachments=None, mentions=None, mentions_all=None)


def _rev_in(item: Item) -> int:
    """The revision in the key of an event or of a change, or at the beginning of a key beside these."""
    digits = re.match(r"[0-9]+", item["SK"]["S"].partition("#")[2])
    return int(digits[0]) if digits else 0


def _entry(item: Item) -> LogEntry | None:
    try:
        entry = LogEntry.of(item)
        return entry if keys.change(entry.rev) == item["SK"]["S"] else None
    except UNREADABLE:
        return None


def _is_sent(item: Item) -> bool:
    """Whether it is a message that says which revision sent it."""
    try:
        return _sent_rev(item) > 0 and keys.may_tell_event(item["SK"]["S"])
    except UNREADABLE:
        return False


def _sent_rev(item: Item) -> int:
    return int(item["sentRev"]["N"])
