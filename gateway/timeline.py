"""One room's order, without I/O: what AppSync delivers goes in, what clients are told comes out, in order and once.

AppSync replays nothing, promises no order and may lose or repeat; `seq` and `rev` of the chat behind it mend that. A hole in
`seq` is held open for a moment and then read from history. Everything that is told is kept in a tail, from which a client
that was away for a short time is served without a request.

Instants are monotonic seconds and come from whoever calls.
"""

import sys
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.tail import Budget, Kept, Kind, Position, Tail

Message = Mapping[str, Any]
"""The schema's `Message`, as it stands on the wire."""

HOLD_S = 0.2
"""How long a hole is left to close by itself: AppSync's reordering is a matter of milliseconds."""

MAX_HELD = 1_000
"""More messages than this beyond a hole are not held: history has them."""


@dataclass(frozen=True, slots=True)
class Told:
    """Something that clients are told. `at`: up to where somebody who has this and all before it knows the room. `repaired`: it
    came from history, not live. `frame`: as it is written to clients."""

    kind: Kind
    message: Message
    at: Position
    repaired: bool
    frame: bytes


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
        self.position: Position | None = None
        self.epoch: int | None = None
        """The epoch that the chat is in, as far as is known."""
        self.needs_reading = True
        """Whether history has to be read: after each start of a subscription, for a hole, for a head that moved unheard."""
        self._held: dict[int, tuple[Message, bool]] = {}
        """What came before its turn, by `seq`, and whether it came from history."""
        self._held_since: float | None = None
        self._revs: OrderedDict[str, int] = OrderedDict()
        self._most_revs = tail
        self.tail = Tail(tail, budget or Budget(sys.maxsize))

    def start(self, head: Mapping[str, Any]) -> None:
        """Begin at `head`, which was read after the subscription was accepted."""
        self.position = Position(head["seq"], head["ts"], head["rev"])
        self.epoch = max(self.epoch or 0, head["epoch"])
        self.tail.begin(self.position)
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
                self._hold(message)
                told += self._released(upto=message["seq"])
        told += self._released()
        if page.last:
            self.epoch = max(self.epoch or 0, page.head["epoch"])
            self.position = Position(
                self.position.seq, self.position.ts, max(self.position.rev, page.head["rev"])
            )
            self.needs_reading = self.position.seq < page.head["seq"]
            if not self._held:
                self._held_since = None
        return told

    def _hold(self, message: Message) -> None:
        """What history has of a message, unless what was heard is at least as new."""
        held, _ = self._held.get(message["seq"], (None, False))
        if held is None or (held.get("rev") or 0) < (message.get("rev") or 0):
            self._held[message["seq"]] = message, True

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
        return self.tail.since(position)

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
        at = self.position or self.tail.after
        told = Told(kind, message, at, repaired, self._encode(kind, message, at))
        self.tail.keep(Kept(kind, message.get("seq") or 0, message.get("rev") or 0, at, told.frame))
        return told

    def _remember(self, message_id: str, rev: int) -> None:
        self._revs[message_id] = rev
        self._revs.move_to_end(message_id)
        if len(self._revs) > self._most_revs:
            self._revs.popitem(last=False)
