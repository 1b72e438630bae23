"""What a process keeps of what a room was told, for those who come back to it. Without I/O."""

from collections import deque
from dataclasses import dataclass
from typing import Literal

Kind = Literal["message", "change", "notice"]


@dataclass(frozen=True, slots=True)
class Position:
    """Up to where somebody knows a room: every message up to `seq` (of instant `ts`, as on the wire), each in a state at
    least as new as `rev`."""

    seq: int
    ts: str | None
    rev: int

    def __str__(self) -> str:
        return f"{self.seq}/{self.ts or ''}/{self.rev}"

    @classmethod
    def parse(cls, text: str) -> "Position":
        """Raises `ValueError`."""
        seq, ts, rev = text.split("/")
        position = cls(int(seq), ts or None, int(rev))
        if min(position.seq, position.rev) < 0:
            raise ValueError("a position is not negative")
        return position


@dataclass(frozen=True, slots=True)
class Kept:
    """What the tail keeps of something told: `seq` of a message, `rev` of a change, and the frame as it was written."""

    kind: Kind
    seq: int
    rev: int
    at: Position
    frame: bytes

    @property
    def size(self) -> int:
        """Bytes in memory, about."""
        return len(self.frame) + 400


class Budget:
    """The bytes that the tails of all rooms of a process may take together. Where they take more, the longest gives way."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0
        self.tails: set[Tail] = set()

    def take(self, count: int) -> None:
        self.used += count
        while self.used > self.limit:
            max(self.tails, key=len).shorten()

    def give_back(self, count: int) -> None:
        self.used -= count


class Tail:
    """Everything that was told after `after`: up to `length` events, and fewer where `budget` is used up."""

    def __init__(self, length: int, budget: Budget) -> None:
        self.after = Position(0, None, 0)
        self.count = 0
        """How many events were told so far."""
        self._length, self._budget = length, budget
        self._kept: deque[Kept] = deque()
        budget.tails.add(self)

    def __len__(self) -> int:
        return len(self._kept)

    def begin(self, position: Position) -> None:
        """Forget everything: the room goes on from here."""
        self._budget.give_back(sum(kept.size for kept in self._kept))
        self._kept.clear()
        self.after = position
        self.count += 1  # nobody goes on from before: what lies between was not told

    def keep(self, kept: Kept) -> None:
        self.count += 1
        self._kept.append(kept)
        self._budget.take(kept.size)
        while len(self._kept) > self._length:
            self._drop_oldest()

    def since(self, position: Position) -> list[Kept] | None:
        """Everything after `position`, or `None` when the tail does not reach back so far."""
        if position.seq < self.after.seq or position.rev < self.after.rev:
            return None
        return [kept for kept in self._kept if _is_after(kept, position)]

    def told_since(self, count: int) -> list[Kept] | None:
        """Everything that was told since `count` was so much, or `None` when the tail does not reach back so far."""
        missing = self.count - count
        return None if missing > len(self._kept) else list(self._kept)[len(self._kept) - missing :]

    def shorten(self) -> None:
        """Forget the older quarter."""
        for _ in range(-(-len(self._kept) // 4)):
            self._drop_oldest()

    def close(self) -> None:
        """Give the bytes back. Nothing is kept any more."""
        self.begin(self.after)
        self._length = 0
        self._budget.tails.discard(self)

    def _drop_oldest(self) -> None:
        oldest, after = self._kept.popleft(), self.after
        self._budget.give_back(oldest.size)
        if oldest.kind == "message":
            self.after = Position(oldest.seq, oldest.at.ts, after.rev)
        elif oldest.kind == "change":
            self.after = Position(after.seq, after.ts, max(after.rev, oldest.rev))


def _is_after(kept: Kept, position: Position) -> bool:
    """Whether somebody at `position` may not have it. Notices have no number: who was told a later message was told them, too."""
    if kept.kind == "message":
        return kept.seq > position.seq
    if kept.kind == "notice":
        return kept.at.seq >= position.seq
    # A change of what they are told as new is told, too, whatever `rev` they are at: the new one's frame is from before.
    return kept.rev > position.rev or kept.seq > position.seq
