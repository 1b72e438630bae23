"""One room's order, without I/O: what AppSync delivers goes in, what clients are told comes out, in order and once.

AppSync replays nothing, promises no order and may lose or repeat; `seq` and `rev` of the chat behind it mend that. A hole in
`seq` is held open for a moment and then read from history. Everything that is told is kept in a tail, from which a client
that was away for a short time is served without a request.

Instants are monotonic seconds and come from whoever calls.
"""

import sys
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Message = Mapping[str, Any]
"""The schema's `Message`, as it stands on the wire."""

Kind = Literal["message", "change", "notice"]

HOLD_S = 0.2
"""How long a hole is left to close by itself: AppSync's reordering is a matter of milliseconds."""

MAX_HELD = 1_000
"""More messages than this beyond a hole are not held: history has them."""


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
class Told:
    """Something that clients are told. `at`: up to where somebody who has this and all before it knows the room. `repaired`: it
    came from history, not live. `frame`: as it is written to clients."""

    kind: Kind
    message: Message
    at: Position
    repaired: bool
    frame: bytes


@dataclass(frozen=True, slots=True)
class Kept:
    """What the tail keeps of something told: `seq` of a message, `rev` of a change, and the frame as it was written."""

    kind: Kind
    seq: int
    rev: int
    at: Position
    frame: bytes

    @classmethod
    def of(cls, told: Told) -> "Kept":
        message = told.message
        return cls(told.kind, message.get("seq") or 0, message.get("rev") or 0, told.at, told.frame)

    @property
    def size(self) -> int:
        """Bytes in memory, about."""
        return len(self.frame) + 400


@dataclass
class Budget:
    """The bytes that the tails of all rooms of a process may take together."""

    limit: int
    used: int = 0


Encode = Callable[[Kind, Message, Position], bytes]


@dataclass(frozen=True, slots=True)
class Page:
    """An answer of `changes`: items, and the head that was read before them; `last` unless there is a further page."""

    items: Sequence[Message]
    head: Mapping[str, Any]
    reset: bool
    last: bool

    @property
    def epoch(self) -> int:
        """The newest epoch that anything of it is from."""
        epochs: list[int] = [self.head["epoch"], *(message.get("epoch") or 0 for message in self.items)]
        return max(epochs)


class Timeline:
    """What one process knows of one room.

    Whoever pumps it reads `changes` when `needs_reading`, and at leisure (every minute): a lost last message or a lost end of an
    epoch shows no hole. The tail holds up to `tail` events, and none beyond what `budget` has left.
    """

    def __init__(self, encode: Encode, tail: int = 1_000, budget: Budget | None = None) -> None:
        self._encode = encode
        self._budget = budget or Budget(sys.maxsize)
        self.position: Position | None = None
        self.epoch: int | None = None
        """The epoch that the chat is in, as far as is known."""
        self.needs_reading = True
        """Whether history has to be read: after each start of a subscription, for a hole, for a head that moved unheard."""
        self._held: dict[int, tuple[Message, bool]] = {}
        """What came before its turn, by `seq`, and whether it came from history."""
        self._held_since: float | None = None
        self._revs: OrderedDict[str, int] = OrderedDict()
        self._tail: deque[Kept] = deque()
        self._tail_length = tail
        self._tail_after = Position(0, None, 0)
        """The tail holds everything after this position."""
        self.count = 0
        """How many events were told so far."""

    def start(self, head: Mapping[str, Any]) -> None:
        """Begin at `head`, which was read after the subscription was accepted."""
        self.position = Position(head["seq"], head["ts"], head["rev"])
        self.epoch = head["epoch"]
        self._forget()
        self.count += 1  # nobody goes on from before: what lies between is not in the tail
        self._tail_after = self.position
        self._held = {seq: each for seq, each in self._held.items() if seq > head["seq"]}
        self.needs_reading = False

    def heard(self, message: Message, now: float) -> list[Told]:
        """A live event."""
        notice = message.get("notice")
        if notice is not None:
            return self._note(message, notice)
        if self.position is None or message.get("seq") is None:
            self.needs_reading = True
            return []
        seq = message["seq"]
        if message.get("rev") is not None:
            # An edit of something that is not told yet comes with it, from history.
            if seq > self.position.seq:
                self.needs_reading = True
                return []
            return self._changed(message, repaired=False)
        if seq <= self.position.seq:
            return []
        if len(self._held) < MAX_HELD:
            self._held[seq] = message, False
        told = self._released()
        if not self._held:
            self._held_since = None
        elif self._held_since is None or told:
            self._held_since = now
        return told

    def read(self, page: Page) -> list[Told]:
        """A page of history that goes on from `position`. With `reset` clients have to start afresh, and so does this."""
        if page.reset or self.position is None:
            self.start(page.head)
            return []
        told: list[Told] = []
        for message in page.items:
            if message["seq"] is None:
                continue
            if message["seq"] <= self.position.seq:
                told += self._changed(message, repaired=True)
            else:
                self._held.setdefault(message["seq"], (message, True))
                told += self._released(upto=message["seq"])
        told += self._released()
        if page.last:
            self.epoch = page.head["epoch"]
            self.position = Position(
                self.position.seq, self.position.ts, max(self.position.rev, page.head["rev"])
            )
            self.needs_reading = self.position.seq < page.head["seq"]
            self._held_since = None
        return told

    @property
    def deadline(self) -> float | None:
        """When a hole has been held for long enough; tell `expire` then."""
        return None if self._held_since is None else self._held_since + HOLD_S

    def expire(self, now: float) -> None:
        if self.deadline is not None and now >= self.deadline:
            self.needs_reading, self._held_since = True, None

    def since(self, position: Position) -> list[Kept] | None:
        """Everything after `position` that was told, or `None` when the tail does not reach back so far."""
        if self.position is None or position.seq > self.position.seq:
            return None
        if position.seq < self._tail_after.seq or position.rev < self._tail_after.rev:
            return None
        return [kept for kept in self._tail if _is_after(kept, position)]

    def told_since(self, count: int) -> list[Kept] | None:
        """Everything that was told since `count` was so much, or `None` when the tail does not reach back so far."""
        missing = self.count - count
        return None if missing > len(self._tail) else list(self._tail)[len(self._tail) - missing :]

    @property
    def tail_rev(self) -> int:
        """The revision from which on the tail has every change."""
        return self._tail_after.rev

    def _note(self, message: Message, notice: Mapping[str, Any]) -> list[Told]:
        if message["id"] in self._revs:
            return []
        self._remember(message["id"], notice.get("rev") or 0)
        if notice.get("nextEpoch") is not None and self.epoch is not None:
            self.epoch = max(self.epoch, notice["nextEpoch"])
        return [self._keep("notice", message, repaired=False)]

    def _changed(self, message: Message, *, repaired: bool) -> list[Told]:
        rev = message.get("rev") or 0
        if rev <= self._revs.get(message["id"], 0):
            return []
        self._remember(message["id"], rev)
        return [self._keep("change", message, repaired=repaired)]

    def _released(self, upto: int | None = None) -> list[Told]:
        """What is held and has become the next; up to a hole, or over one that history says will stay (`upto`)."""
        told: list[Told] = []
        while self._held and self.position is not None:
            following = self.position.seq + 1
            if following not in self._held:
                if upto is None or min(self._held) > upto:
                    break
                following = min(self._held)
            message, repaired = self._held.pop(following)
            if message.get("rev") is not None:
                self._remember(message["id"], message["rev"])
            self.position = Position(following, message["ts"], self.position.rev)
            told.append(self._keep("message", message, repaired=repaired))
            if message.get("rev") is not None:
                # Told as new. For whoever has it from history, in an older state, it is a change: the tail has it as that, too.
                self._keep("change", message, repaired=repaired)
        known = self.position.seq if self.position else 0
        self._held = {seq: each for seq, each in self._held.items() if seq > known}
        return told

    def _keep(self, kind: Kind, message: Message, *, repaired: bool) -> Told:
        at = self.position or self._tail_after
        told = Told(kind, message, at, repaired, self._encode(kind, message, at))
        self.count += 1
        kept = Kept.of(told)
        self._tail.append(kept)
        self._budget.used += kept.size
        while len(self._tail) > self._tail_length or (self._tail and self._budget.used > self._budget.limit):
            self._drop_oldest()
        return told

    def _drop_oldest(self) -> None:
        oldest, after = self._tail.popleft(), self._tail_after
        self._budget.used -= oldest.size
        if oldest.kind == "message":
            self._tail_after = Position(oldest.seq, oldest.at.ts, after.rev)
        elif oldest.kind == "change":
            self._tail_after = Position(after.seq, after.ts, max(after.rev, oldest.rev))

    def _forget(self) -> None:
        self._budget.used -= sum(kept.size for kept in self._tail)
        self._tail.clear()

    def close(self) -> None:
        """Give the tail's bytes back."""
        self._forget()
        self._tail_length = 0

    def _remember(self, message_id: str, rev: int) -> None:
        self._revs[message_id] = rev
        self._revs.move_to_end(message_id)
        if len(self._revs) > self._tail_length:
            self._revs.popitem(last=False)


def _is_after(kept: Kept, position: Position) -> bool:
    """Whether somebody at `position` may not have it. Notices have no number: who was told a later message was told them, too."""
    if kept.kind == "message":
        return kept.seq > position.seq
    if kept.kind == "notice":
        return kept.at.seq >= position.seq
    # A change of what they are told as new is told, too, whatever `rev` they are at: the new one's frame is from before.
    return kept.rev > position.rev or kept.seq > position.seq
