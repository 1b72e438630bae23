"""The newest events of a room, for clients that come back to it. Without I/O.

What is replayed of a message is the message as it is now: a text that was edited away or removed leaves the
buffer when its change arrives.
"""

import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from weakref import WeakValueDictionary

from chat.rules.erasure import ERASED_SENDER, without_person
from gateway import server_frames
from gateway.position import RoomPosition

EventKind = Literal["message", "change", "notice"]


ERASED_KEEPS = (
    "id",
    "roomId",
    "roomType",
    "guildId",
    "ts",
    "seq",
    "epoch",
    "rev",
    "version",
    "editedAt",
    "removedAt",
)

Reactions = tuple[int, list[Mapping[str, Any]]]
"""The reactions to a message, and the revision of the room from which on they are like this."""


@dataclass(slots=True, eq=False, weakref_slot=True)
class BufferedEvent:
    """What is kept of an event: the message's `id`, `seq` and `rev` (0: never changed), the position of who
    has the event, and the frame as it is written.

    `frame` is to be read when it is written and no earlier: a later change of the message replaces it. It is
    empty once there is nothing left to replay, because a later event says it all.
    """

    kind: EventKind
    id: str
    seq: int
    rev: int
    position: RoomPosition
    frame: bytes
    is_buffered: bool = False
    reactions: Reactions | None = None
    """Newer ones than those in the message as it was read or received."""

    @property
    def size(self) -> int:
        """Bytes in memory, about."""
        return len(self.frame) + 400


class MemoryBudget:
    """The bytes that the buffers of all rooms of a process may take together. Above it the longest buffer
    is shortened."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0
        self.buffers: set[ReplayBuffer] = set()

    def take(self, count: int) -> None:
        self.used += count
        while self.used > self.limit:
            max(self.buffers, key=len).shorten()

    def give_back(self, count: int) -> None:
        self.used -= count


class ReplayBuffer:
    """Every event after `after`: up to `capacity` of them, and fewer where `budget` is used up."""

    def __init__(self, capacity: int, budget: MemoryBudget) -> None:
        self.after = RoomPosition(0, None, 0)
        self.count = 0
        """How many events were appended so far."""
        self._capacity, self._budget = capacity, budget
        self._events: deque[BufferedEvent] = deque()
        # Of each message, for as long as anybody has the event: somebody to whom it is being written may
        # have it for longer than the buffer does.
        self._messages: WeakValueDictionary[str, BufferedEvent] = WeakValueDictionary()
        self._changes: WeakValueDictionary[str, BufferedEvent] = WeakValueDictionary()
        budget.buffers.add(self)

    def __len__(self) -> int:
        return len(self._events)

    def restart(self, position: RoomPosition) -> None:
        """Forget everything: the room goes on from here."""
        while self._events:
            self._drop_oldest()
        self.after = position
        self.count += 1  # nobody goes on from before: what lies between was never appended

    def append(self, event: BufferedEvent) -> None:
        self.count += 1
        self._events.append(event)
        event.is_buffered = True
        if event.kind == "message":
            self._messages[event.id] = event
        elif event.kind == "change":
            earlier = self._changes.get(event.id) or self._messages.get(event.id)
            if before := self._changes.get(event.id):
                self._set_frame(before, b"")
            self._changes[event.id] = event
            self._keep_reactions(event, earlier.reactions if earlier else None)
        self._budget.take(event.size)
        while len(self._events) > self._capacity:
            self._drop_oldest()

    def replace(self, message_id: str, rev: int, encode: Callable[[BufferedEvent], bytes]) -> None:
        """Keep nothing of this message that is older than `rev`: `encode` has each event's frame."""
        for events in (self._messages, self._changes):
            event = events.get(message_id)
            if event is not None and event.rev < rev:
                event.rev = rev
                self._set_frame(event, encode(event))
                self._keep_reactions(event, event.reactions)

    def react(self, message_id: str, reactions: Reactions) -> None:
        """What people have reacted with, unless what is kept of the message is at least as new. Its own `rev` stays: by that
        it is told whether its text is the newest."""
        for events in (self._messages, self._changes):
            event = events.get(message_id)
            if event is not None and event.frame and reactions[0] > max(event.rev, _rev(event.reactions)):
                event.reactions = reactions
                self._set_frame(event, _with_reactions(event.frame, reactions))

    def erase(self, runs: Sequence[tuple[int, int]]) -> None:
        """Keep nothing of the messages with these numbers but that they were, nor the names of their senders in what was told
        before. No message of theirs, no name: such notices go as they are pushed out."""
        every = {
            id(each): each
            for each in (*self._events, *self._messages.values(), *self._changes.values())
            if each.frame
        }
        senders = set()
        for event in every.values():
            if event.kind != "notice" and is_in(runs, event.seq):
                event.reactions = None
                senders.add(json.loads(server_frames.payload(event.frame))["message"].get("senderId"))
                self._set_frame(event, _erased(event.frame))
        for event in every.values():
            for sender in senders - {ERASED_SENDER, None}:
                if event.kind == "notice" and json.dumps(sender, ensure_ascii=False).encode() in event.frame:
                    self._set_frame(event, _without(event.frame, sender))

    def forget_before(self, instant: str) -> None:
        """Forget messages from before this instant (as on the wire), and what came before them."""
        while self._events and (self._events[0].position.ts or "") < instant:
            self._drop_oldest()

    def since(self, position: RoomPosition) -> list[BufferedEvent] | None:
        """Every event after `position`, or `None` when the buffer does not reach back so far."""
        if position.seq < self.after.seq or position.rev < self.after.rev:
            return None
        return [event for event in self._events if _is_after(event, position)]

    def appended_since(self, count: int) -> list[BufferedEvent] | None:
        """Every event that was appended since `count` was so much, or `None` when the buffer does not
        reach back so far."""
        missing = self.count - count
        return None if missing > len(self._events) else list(self._events)[len(self._events) - missing :]

    def shorten(self) -> None:
        """Forget the older quarter."""
        for _ in range(-(-len(self._events) // 4)):
            self._drop_oldest()

    def close(self) -> None:
        """Give the bytes back. Nothing is buffered any more."""
        self.restart(self.after)
        self._capacity = 0
        self._budget.buffers.discard(self)

    def _keep_reactions(self, event: BufferedEvent, reactions: Reactions | None) -> None:
        """A change of the text may come after reactions that are newer than it."""
        event.reactions = None
        if reactions is not None and reactions[0] > event.rev and event.frame:
            event.reactions = reactions
            self._set_frame(event, _with_reactions(event.frame, reactions))

    def _set_frame(self, event: BufferedEvent, frame: bytes) -> None:
        before, event.frame = event.size, frame
        if event.is_buffered:
            self._budget.take(event.size - before)

    def _drop_oldest(self) -> None:
        oldest, after = self._events.popleft(), self.after
        self._budget.give_back(oldest.size)
        oldest.is_buffered = False
        if oldest.kind == "message":
            self.after = RoomPosition(oldest.seq, oldest.position.ts, after.rev)
        elif oldest.kind == "change" and oldest.frame:
            self.after = RoomPosition(after.seq, after.ts, max(after.rev, oldest.rev))


def _is_after(event: BufferedEvent, position: RoomPosition) -> bool:
    """Whether somebody at `position` may not have it. Notices have no number: who has a later message was
    sent them, too."""
    if not event.frame:
        return False
    if event.kind == "message":
        return event.seq > position.seq
    if event.kind == "notice":
        return event.position.seq >= position.seq
    # Who is still to get the message gets it as it is now, and needs no change.
    return event.seq <= position.seq and event.rev > position.rev


def is_in(runs: Sequence[tuple[int, int]], seq: int) -> bool:
    """Whether a number is in one of these runs."""
    return any(first <= seq <= last for first, last in runs)


def without_content(message: Mapping[str, Any]) -> dict[str, Any]:
    """A message whose sender was erased: its id, its numbers and its instants."""
    kept = {name: message.get(name) for name in ERASED_KEEPS if name in message}
    nothing = dict.fromkeys(name for name in message if name not in kept)
    return {
        **nothing,
        **kept,
        "senderId": ERASED_SENDER,
        "removedAt": message.get("removedAt") or message["ts"],
        "erased": True,
    }


def _erased(frame: bytes) -> bytes:
    fields = json.loads(server_frames.payload(frame))
    fields["message"] = without_content(fields["message"])
    return server_frames.framed(server_frames.encode(fields.pop("type"), **fields))


def _without(frame: bytes, user_id: str) -> bytes:
    fields = without_person(json.loads(server_frames.payload(frame)), user_id)
    return server_frames.framed(server_frames.encode(fields.pop("type"), **fields))


def _rev(reactions: Reactions | None) -> int:
    return reactions[0] if reactions else 0


def _with_reactions(frame: bytes, reactions: Reactions) -> bytes:
    """The frame of a message, with these. One that was removed has none."""
    fields = json.loads(server_frames.payload(frame))
    message = fields["message"]
    if message.get("removedAt") is None:
        message["reactions"] = reactions[1]
    return server_frames.framed(server_frames.encode(fields.pop("type"), **fields))
