"""The newest events of a room, for clients that come back to it. Without I/O."""

from collections import deque
from dataclasses import dataclass
from typing import Literal

from gateway.position import RoomPosition

EventKind = Literal["message", "change", "notice"]


@dataclass(frozen=True, slots=True)
class BufferedEvent:
    """What the buffer keeps of an event: `seq` of a message, `rev` of a change, the position of who has
    the event, and the frame as it was written."""

    kind: EventKind
    seq: int
    rev: int
    position: RoomPosition
    frame: bytes

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
        budget.buffers.add(self)

    def __len__(self) -> int:
        return len(self._events)

    def restart(self, position: RoomPosition) -> None:
        """Forget everything: the room goes on from here."""
        self._budget.give_back(sum(event.size for event in self._events))
        self._events.clear()
        self.after = position
        self.count += 1  # nobody goes on from before: what lies between was never appended

    def append(self, event: BufferedEvent) -> None:
        self.count += 1
        self._events.append(event)
        self._budget.take(event.size)
        while len(self._events) > self._capacity:
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

    def _drop_oldest(self) -> None:
        oldest, after = self._events.popleft(), self.after
        self._budget.give_back(oldest.size)
        if oldest.kind == "message":
            self.after = RoomPosition(oldest.seq, oldest.position.ts, after.rev)
        elif oldest.kind == "change":
            self.after = RoomPosition(after.seq, after.ts, max(after.rev, oldest.rev))


def _is_after(event: BufferedEvent, position: RoomPosition) -> bool:
    """Whether somebody at `position` may not have it. Notices have no number: who has a later message was
    sent them, too."""
    if event.kind == "message":
        return event.seq > position.seq
    if event.kind == "notice":
        return event.position.seq >= position.seq
    # Who is still to get the message gets its change, too, at whatever `rev`: the message's frame is older.
    return event.rev > position.rev or event.seq > position.seq
