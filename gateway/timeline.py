"""One room's order, without I/O: what AppSync delivers goes in, events for clients come out, in order and
once.

AppSync replays nothing, promises no order and may lose or repeat; `seq` and `rev` of the chat behind it mend
that. A gap in `seq` is held open for a moment and then read from history. Every event is appended to a replay
buffer, from which a client that was away for a short time is served without a request.

Instants are monotonic seconds and come from whoever calls.
"""

import sys
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.position import RoomPosition
from gateway.replay_buffer import (
    BufferedEvent,
    EventKind,
    MemoryBudget,
    ReplayBuffer,
    is_in,
    without_content,
)

Message = Mapping[str, Any]
"""The schema's `Message`, as it stands on the wire."""

GAP_SECONDS = 0.2
"""How long a gap is left to close by itself: AppSync's reordering is a matter of milliseconds."""

MOST_ERASED = 10_000
"""How many runs of erased messages are remembered of a room."""

MAX_HELD = 1_000
"""More messages than this beyond a gap are not held: history has them."""


@dataclass(frozen=True, slots=True)
class RoomEvent:
    """What clients of a room are sent. `position`: of somebody who has this and everything before it.
    `from_history`: it was read, not received live. `frame`: as it is written to clients."""

    kind: EventKind
    message: Message
    position: RoomPosition
    from_history: bool
    frame: bytes


def is_reduced(message: Message) -> bool:
    """Whether it says no more of a change than which message it is about: so it is where not everybody who hears it may
    see the message."""
    told = (message.get(name, "") for name in ("version", "clientMessageId"))
    return message.get("rev") is not None and all(value is None for value in told)


Encode = Callable[[EventKind, Message, RoomPosition], bytes]


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """An answer of `changes` or `messages`: items, and the head that was read before them; `last` unless
    there is a further page."""

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

    Its owner reads `changes` when `needs_reading`, and every minute or so: a lost last message or a lost end
    of an epoch shows no gap. The replay buffer holds up to `capacity` events, and none beyond what `budget`
    has left.
    """

    def __init__(self, encode: Encode, capacity: int = 1_000, budget: MemoryBudget | None = None) -> None:
        self._encode = encode
        self.position: RoomPosition | None = None
        self.epoch: int | None = None
        """The epoch that the chat is in, as far as is known."""
        self.needs_reading = True
        """Whether history has to be read: after each start of a subscription, for a gap, for a head that
        moved unnoticed. Whoever reads it says `begin_reading` first: what comes meanwhile may ask for it again."""
        self._held: dict[int, tuple[Message, bool]] = {}
        """What came before its turn, by `seq`, and whether it came from history."""
        self._gap_since: float | None = None
        self._revs: OrderedDict[str, int] = OrderedDict()
        self._most_revs = capacity
        self._superseded: OrderedDict[str, int] = OrderedDict()
        """The `rev` of changes that came and were not taken in: no older state of these messages is, either."""
        self._erased: deque[tuple[int, int]] = deque(maxlen=MOST_ERASED)
        """The runs of erased messages that live notices named."""
        self.buffer = ReplayBuffer(capacity, budget or MemoryBudget(sys.maxsize))
        self.on_replaced: Callable[[Message], None] = lambda _message: None
        """Called with each changed message: whoever keeps an older state of it is to keep this one."""

    def start(self, head: Mapping[str, Any]) -> None:
        """Begin at `head`, which was read after the subscription was accepted."""
        self.position = RoomPosition(head["seq"], head["ts"], head["rev"])
        self.epoch = max(self.epoch or 0, head["epoch"])
        self.buffer.restart(self.position)
        self._held = {seq: each for seq, each in self._held.items() if seq > head["seq"]}
        self.needs_reading = False

    def receive(self, message: Message, now: float) -> list[RoomEvent]:
        """A live event of the subscription; what clients are sent because of it."""
        notice = message.get("notice")
        if notice is not None:
            return self._receive_notice(message, notice)
        if self.position is None or message.get("seq") is None:
            self.needs_reading = True
            return []
        seq = message["seq"]
        if message.get("rev") is not None:
            return self._receive_changed(message, self.position)
        if self._revs.get(message["id"]) or self._is_superseded(message):  # history has what it is now
            self.needs_reading = True
            return []
        if seq <= self.position.seq:
            return []
        if len(self._held) < MAX_HELD and seq not in self._held:
            self._held[seq] = message, False
        events = self._release()
        if not self._held:
            self._gap_since = None
        elif self._gap_since is None or events:
            self._gap_since = now
        return events

    def begin_reading(self) -> None:
        """History is about to be read from `position`."""
        self.needs_reading = False

    def is_outdated(self, page: HistoryPage) -> bool:
        """Whether a message was changed after the page was read: then it is to be read anew."""
        return any(self._is_superseded(message) for message in page.items)

    def read(self, page: HistoryPage) -> list[RoomEvent]:
        """A page of history that goes on from `position`, and is not outdated. With `reset` clients have to start
        afresh, and so does this."""
        if page.reset or self.position is None:
            needs_reading = self.needs_reading or (page.reset and bool(self._held))
            if page.reset:  # they may be of what the chat has lost
                self._held.clear()
                self._superseded.clear()
            self.start(page.head)
            self.needs_reading = needs_reading  # what of it is alive, history has
            return []
        events: list[RoomEvent] = []
        for message in page.items:
            if message["seq"] is None:
                continue
            if message["seq"] <= self.position.seq:
                events += self._change(message, from_history=True)
            else:
                self._hold(message)
                events += self._release(upto=message["seq"])
        events += self._release()
        if page.last:
            self.epoch = max(self.epoch or 0, page.head["epoch"])
            self.position = RoomPosition(
                self.position.seq, self.position.ts, max(self.position.rev, page.head["rev"])
            )
            self.needs_reading = self.needs_reading or self.position.seq < page.head["seq"]
            if not self._held:
                self._gap_since = None
        return events

    def replace(self, message: Message) -> None:
        """This is the message as it is now: nothing older of it is kept for anybody. Clients that have it
        are not told by this."""
        held, from_history = self._held.get(message["seq"], (None, False))
        if held is not None and (held.get("rev") or 0) < message["rev"]:
            self._held[message["seq"]] = message, from_history
        self.buffer.replace(
            message["id"],
            message["rev"],
            lambda event: self._encode(event.kind, message, event.position),
        )
        self.on_replaced(message)

    def forget_older(self, message: Message) -> None:
        """A live change: the message as it was is kept for nobody. Where the change does not say what it is now, what stands in its
        place is older than the change, so that this is still to come."""
        _keep_newest(self._superseded, message["id"], message["rev"], MAX_HELD)
        if not is_reduced(message):
            self.replace(message)
            return
        held, _ = self._held.get(message["seq"], (None, False))
        if held is not None and (held.get("rev") or 0) < message["rev"]:
            del self._held[message["seq"]]  # history fills the gap
        self._remember(message["id"], max(message["rev"] - 1, self._revs.get(message["id"], 0)))
        self.replace({**message, "rev": message["rev"] - 1})

    def _is_superseded(self, message: Message) -> bool:
        return (message.get("rev") or 0) < self._superseded.get(message["id"], 0)

    def _hold(self, message: Message) -> None:
        """A message as history or a change has it, unless what is held is at least as new."""
        held, _ = self._held.get(message["seq"], (None, False))
        if held is None or (held.get("rev") or 0) < (message.get("rev") or 0):
            self._held[message["seq"]] = message, True

    @property
    def deadline(self) -> float | None:
        """When a gap has been open for long enough; call `expire` then."""
        return None if self._gap_since is None else self._gap_since + GAP_SECONDS

    def expire(self, now: float) -> None:
        if self.deadline is not None and now >= self.deadline:
            self.needs_reading, self._gap_since = True, None

    def since(self, position: RoomPosition) -> list[BufferedEvent] | None:
        """Every event after `position`, or `None` when the replay buffer does not reach back so far."""
        if self.position is None or position.seq > self.position.seq:
            return None
        return self.buffer.since(position)

    def _receive_changed(self, message: Message, position: RoomPosition) -> list[RoomEvent]:
        if is_reduced(message):
            self.forget_older(message)
            self.needs_reading = True
            return []
        if message["seq"] <= position.seq:
            return self._change(message, from_history=False)
        # A message that was not sent to clients yet is sent as it is now, and history says so, too.
        self.needs_reading = True
        self.replace(message)
        if len(self._held) < MAX_HELD:
            self._hold(message)
        return []

    def _receive_notice(self, message: Message, notice: Mapping[str, Any]) -> list[RoomEvent]:
        if message["id"] in self._revs:
            return []
        self._remember(message["id"], notice.get("rev") or 0)
        if notice.get("nextEpoch") is not None and self.epoch is not None:
            self.epoch = max(self.epoch, notice["nextEpoch"])
        for each in notice.get("reactions") or ():
            self._react(each)
        if erased := notice.get("erased"):
            self._erase([(each["from"], each["to"]) for each in erased])
        return [self._append("notice", message, from_history=False)]

    def has_told(self, erased: Sequence[Mapping[str, int]]) -> bool:
        """Whether live notices have named all of these runs."""
        return all(
            any(first <= each["from"] and each["to"] <= last for first, last in self._erased)
            for each in erased
        )

    def _erase(self, runs: Sequence[tuple[int, int]]) -> None:
        """Keep nothing of these messages but that they were: history has what is left of them."""
        self._erased.extend(runs)
        self._held = {
            seq: (without_content(message), from_history) if is_in(runs, seq) else (message, from_history)
            for seq, (message, from_history) in self._held.items()
        }
        self.buffer.erase(runs)

    def _react(self, changed: Mapping[str, Any]) -> None:
        """The schema's `MessageReactions`: whoever gets the message later gets it with these. Where they are null, only
        those who may see the message are to read it."""
        reactions, rev, seq = changed.get("reactions"), changed.get("rev") or 0, changed.get("seq")
        if reactions is None:
            return
        held, from_history = self._held.get(seq, (None, False)) if seq is not None else (None, False)
        if seq is not None and held is not None and (held.get("rev") or 0) < rev:
            self._held[seq] = {**held, "reactions": reactions}, from_history
        self.buffer.react(changed["id"], (rev, reactions))

    def _change(self, message: Message, *, from_history: bool) -> list[RoomEvent]:
        rev = message.get("rev") or 0
        if rev <= self._revs.get(message["id"], 0):
            return []
        self._remember(message["id"], rev)
        return [self._append("change", message, from_history=from_history)]

    def _release(self, upto: int | None = None) -> list[RoomEvent]:
        """What is held and has become the next; up to a gap, or over one that history says will stay
        (`upto`)."""
        events: list[RoomEvent] = []
        while self._held and self.position is not None:
            following = self.position.seq + 1
            if following not in self._held:
                if upto is None or min(self._held) > upto:
                    break
                following = min(self._held)
            message, from_history = self._held.pop(following)
            if message.get("rev") is not None:
                self._remember(message["id"], message["rev"])
            self.position = RoomPosition(following, message["ts"], self.position.rev)
            events.append(self._append("message", message, from_history=from_history))
            if message.get("rev") is not None:
                # Sent as new. Whoever has it from history, in an older state, needs it as a change.
                self._append("change", message, from_history=from_history)
        known = self.position.seq if self.position else 0
        self._held = {seq: each for seq, each in self._held.items() if seq > known}
        return events

    def _append(self, kind: EventKind, message: Message, *, from_history: bool) -> RoomEvent:
        position = self.position or self.buffer.after
        event = RoomEvent(kind, message, position, from_history, self._encode(kind, message, position))
        seq, rev = message.get("seq") or 0, message.get("rev") or 0
        if kind == "change":
            self.replace(message)
        self.buffer.append(BufferedEvent(kind, message["id"], seq, rev, position, event.frame))
        return event

    def _remember(self, message_id: str, rev: int) -> None:
        _keep_newest(self._revs, message_id, rev, self._most_revs)


def _keep_newest(revs: OrderedDict[str, int], message_id: str, rev: int, most: int) -> None:
    """Put it last, and forget the first of more than `most`."""
    revs[message_id] = rev
    revs.move_to_end(message_id)
    if len(revs) > most:
        revs.popitem(last=False)
