"""What somebody who comes back has missed: from the replay buffer where it reaches, else read from
history, once for all who ask for the same."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from weakref import WeakSet

from chat.rules.instants import to_wire
from gateway import documents, server_frames
from gateway.metrics import Metrics
from gateway.position import RoomPosition
from gateway.replay_buffer import BufferedEvent, EventKind
from gateway.timeline import Encode, HistoryPage, Message, Timeline

SHARED_SECONDS = 2.0
"""How long what was read from history serves others who come back from the same position."""

MAX_MESSAGES = 1_000
"""How many messages a client that knows no more than its last `seq` is given from history."""

REPLAY_MS = 7 * 86_400_000
"""How old a message may be that the replay buffer has: the shortest time that a room keeps its messages. What
is older the chat is asked for, which knows whether it has expired."""

Ask = Callable[..., Awaitable[Any]]


class Replayed(Protocol):
    """What somebody is given of what they missed. `frame` is read when it is written, since a later change
    of its message replaces it, and may be empty: there is nothing to write then."""

    @property
    def frame(self) -> bytes: ...

    @property
    def seq(self) -> int:
        """The message's number; 0 for a notice."""
        ...


@dataclass(frozen=True, slots=True)
class Repositioned:
    """An event for somebody who is further, at `start`, than those were who were sent it live."""

    event: BufferedEvent
    start: RoomPosition

    @property
    def seq(self) -> int:
        return self.event.seq

    @property
    def frame(self) -> bytes:
        if not self.event.frame:
            return b""
        position = RoomPosition(self.start.seq, self.start.ts, self.event.position.rev)
        text = server_frames.with_position(server_frames.payload(self.event.frame), position)
        return server_frames.framed(text)


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Missed:
    """What history has for somebody, as it is written to them if they are a member in `epoch`. Whoever was
    given it is at `reached`, but for changes of what they had before, if they named no more than a number
    (`is_bare`)."""

    events: Sequence[BufferedEvent]
    reached: RoomPosition
    epoch: int = 0
    is_bare: bool = False


class History:
    """One room's. `ask(document, **variables)` asks the chat; `catch_up` waits until the room here is
    where the chat is."""

    def __init__(
        self,
        ask: Ask,
        catch_up: Callable[[], Awaitable[None]],
        timeline: Timeline,
        encode: Encode,
        metrics: Metrics,
    ) -> None:
        self._ask, self._catch_up = ask, catch_up
        self._timeline, self._encode, self._metrics = timeline, encode, metrics
        self._fetching: dict[object, asyncio.Future[Missed | None]] = {}
        self._given: WeakSet[Missed] = WeakSet()
        """Whatever was read and may yet be written to somebody."""
        self._reads = 0
        """How many are reading history."""
        self._changed: dict[str, Message] = {}
        """What changed while somebody was reading, which may have been given an older state."""
        timeline.on_replaced = self._replace

    async def missed(self, since: RoomPosition | int) -> Missed | None:
        """For somebody who was at `since`: nothing where the replay buffer serves, `None` where they have
        to start afresh."""
        if self._is_behind(since if isinstance(since, int) else since.seq):
            await self._catch_up()  # another process has sent them more than is known here
            if self._is_behind(since if isinstance(since, int) else since.seq):
                self._metrics.resumed("reset")  # the chat has lost what they were sent
                return None
        self._timeline.buffer.forget_before(to_wire(time.time_ns() // 1_000_000 - REPLAY_MS))
        start = self._start(since)
        if self._timeline.since(start) is not None:
            self._metrics.resumed("buffer")
            return Missed((), start, is_bare=isinstance(since, int))
        missed = await self._once(since)
        if missed is not None and self._is_behind(missed.reached.seq):
            await self._catch_up()  # history has what was not received live yet
        self._metrics.resumed("reset" if missed is None else "history")
        return missed

    def replay(self, missed: Missed) -> list[Replayed] | None:
        """What `missed` has and all events after it. `None`: the replay buffer has forgotten some of
        them."""
        start = missed.reached
        if missed.is_bare and self._timeline.buffer.after.rev <= start.rev:
            start = self._start(start.seq)
        later = self._timeline.since(start)
        return None if later is None else [*missed.events, *(_not_before(start, each) for each in later)]

    async def pages(self, since: RoomPosition, *, of_feed: bool = False) -> AsyncIterator[HistoryPage]:
        """Everything after `since`, a page of the chat's `changes` at a time. Where messages were erased, whoever reads starts
        afresh; but not the room's own reading (`of_feed`), where a live notice has told its clients."""
        token = None
        while True:
            answer = await self._ask(documents.CHANGES, since=since.rev, after=since.ts, token=token)
            token = answer["nextToken"]
            erased = answer.get("erased") or ()
            is_told = of_feed and self._timeline.has_told(erased)
            is_reset = answer["reset"] or (bool(erased) and not is_told)
            yield HistoryPage(answer["items"], answer["head"], is_reset, last=is_reset or token is None)
            if is_reset or token is None:
                return

    def _is_behind(self, seq: int) -> bool:
        here = self._timeline.position
        return here is None or seq > here.seq

    def _start(self, since: RoomPosition | int) -> RoomPosition:
        """Where the replay buffer goes on for somebody who was at `since`. Who knows no more than a number
        gets every change that it has."""
        return RoomPosition(since, None, self._timeline.buffer.after.rev) if isinstance(since, int) else since

    async def _once(self, since: RoomPosition | int) -> Missed | None:
        """Reads of the same within a moment are one: what happened since comes from the replay buffer."""
        if since not in self._fetching:
            self._fetching[since] = task = asyncio.ensure_future(self._read(since))
            task.add_done_callback(lambda done: self._fetched(since, done))
        return await asyncio.shield(self._fetching[since])

    def _fetched(self, since: object, task: "asyncio.Future[Missed | None]") -> None:
        if task.cancelled() or task.exception():
            self._fetching.pop(since, None)
        else:
            asyncio.get_running_loop().call_later(SHARED_SECONDS, self._fetching.pop, since, None)

    async def _read(self, since: RoomPosition | int) -> Missed | None:
        self._reads += 1
        try:
            missed = await (self._newest_back_to(since) if isinstance(since, int) else self._after(since))
            if missed is not None:
                for message in self._changed.values():
                    self._replace_in(missed, message)
                self._given.add(missed)
            return missed
        finally:
            self._reads -= 1
            if not self._reads:
                self._changed.clear()

    def _replace(self, message: Message) -> None:
        """The message as it is now, in place of what was read of it."""
        if self._reads:
            self._changed[message["id"]] = message
        for missed in self._given:
            self._replace_in(missed, message)

    def _replace_in(self, missed: Missed, message: Message) -> None:
        for event in missed.events:
            if event.id == message["id"] and event.rev < message["rev"]:
                event.rev, event.frame = message["rev"], self._encode(event.kind, message, event.position)

    async def _after(self, since: RoomPosition) -> Missed | None:
        items: list[Message] = []
        reached, epoch = since, 0
        async for page in self.pages(since):
            if page.reset:
                return None
            items += page.items
            epoch = max(epoch, page.epoch)
            reached = RoomPosition(reached.seq, reached.ts, page.head["rev"])
        last = max(items, key=lambda message: message["seq"] or 0, default=None)
        if last is not None and (last["seq"] or 0) > since.seq:
            reached = RoomPosition(last["seq"], last["ts"], reached.rev)
        return Missed(list(self._encoded(since, items)), reached, epoch)

    async def _newest_back_to(self, seq: int) -> Missed | None:
        """The messages after `seq`, oldest first, read from the newest back."""
        found: list[Message] = []
        start, token, rev, epoch = self._start(seq), None, None, 0
        while len(found) < MAX_MESSAGES:
            answer = await self._ask(documents.MESSAGES, token=token)
            page = HistoryPage(answer["items"], answer["head"], reset=False, last=True)
            items = [each for each in page.items if each["seq"] is not None]
            found += [each for each in items if each["seq"] > seq]
            token, rev, epoch = answer["nextToken"], rev or page.head["rev"], max(epoch, page.epoch)
            if token is None or any(each["seq"] <= seq for each in items):
                last_seq, last_ts = (found[0]["seq"], found[0]["ts"]) if found else (seq, None)
                reached = RoomPosition(last_seq, last_ts, rev)
                return Missed(list(self._encoded(start, found[::-1])), reached, epoch, is_bare=True)
        return None

    def _encoded(self, position: RoomPosition, items: Sequence[Message]) -> Iterator[BufferedEvent]:
        """What was read from history, as it is written to somebody who was at `position`."""
        for message in items:
            if message["seq"] is None:
                continue
            kind: EventKind = "message" if message["seq"] > position.seq else "change"
            if kind == "message":
                position = RoomPosition(message["seq"], message["ts"], position.rev)
            frame = self._encode(kind, message, position)
            yield BufferedEvent(kind, message["id"], message["seq"], message.get("rev") or 0, position, frame)


def _not_before(start: RoomPosition, event: BufferedEvent) -> Replayed:
    """The event for somebody who is at `start`: a change that was sent before its room came so far must
    not take them back."""
    return event if event.position.seq >= start.seq else Repositioned(event, start)
