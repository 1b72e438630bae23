"""What somebody who comes back has missed: from the replay buffer where it reaches, else read from
history, once for all who ask for the same."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gateway import documents, server_frames
from gateway.metrics import Metrics
from gateway.position import RoomPosition
from gateway.replay_buffer import BufferedEvent, EventKind
from gateway.timeline import Encode, HistoryPage, Message, Timeline

SHARED_SECONDS = 2.0
"""How long what was read from history serves others who come back from the same position."""

MAX_MESSAGES = 1_000
"""How many messages a client that knows no more than its last `seq` is given from history."""

Ask = Callable[..., Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Missed:
    """What history has for somebody, as it is written to them if they are a member in `epoch`. Whoever was
    given it is at `reached`, but for changes of what they had before, if they named no more than a number
    (`is_bare`)."""

    frames: Sequence[bytes]
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

    async def missed(self, since: RoomPosition | int) -> Missed | None:
        """For somebody who was at `since`: nothing where the replay buffer serves, `None` where they have
        to start afresh."""
        if self._is_behind(since if isinstance(since, int) else since.seq):
            await self._catch_up()  # another process has sent them more than is known here
        start = self._start(since)
        if self._timeline.since(start) is not None:
            self._metrics.resumed("buffer")
            return Missed((), start, is_bare=isinstance(since, int))
        missed = await self._once(since)
        if missed is not None and self._is_behind(missed.reached.seq):
            await self._catch_up()  # history has what was not received live yet
        self._metrics.resumed("reset" if missed is None else "history")
        return missed

    def replay(self, missed: Missed) -> list[bytes] | None:
        """The frames of `missed` and of all events after it. `None`: the replay buffer has forgotten some
        of them."""
        start = missed.reached
        if missed.is_bare and self._timeline.buffer.after.rev <= start.rev:
            start = self._start(start.seq)
        later = self._timeline.since(start)
        return None if later is None else [*missed.frames, *(_not_before(start, each) for each in later)]

    async def pages(self, since: RoomPosition) -> AsyncIterator[HistoryPage]:
        """Everything after `since`, a page of the chat's `changes` at a time."""
        token = None
        while True:
            answer = await self._ask(documents.CHANGES, since=since.rev, after=since.ts, token=token)
            token = answer["nextToken"]
            yield HistoryPage(answer["items"], answer["head"], answer["reset"], last=token is None)
            if token is None:
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
            fetch = self._newest_back_to(since) if isinstance(since, int) else self._after(since)
            self._fetching[since] = task = asyncio.ensure_future(fetch)
            task.add_done_callback(lambda done: self._fetched(since, done))
        return await asyncio.shield(self._fetching[since])

    def _fetched(self, since: object, task: "asyncio.Future[Missed | None]") -> None:
        if task.cancelled() or task.exception():
            self._fetching.pop(since, None)
        else:
            asyncio.get_running_loop().call_later(SHARED_SECONDS, self._fetching.pop, since, None)

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

    def _encoded(self, position: RoomPosition, items: Sequence[Message]) -> Iterator[bytes]:
        """What was read from history, as it is written to somebody who was at `position`."""
        for message in items:
            if message["seq"] is None:
                continue
            kind: EventKind = "message" if message["seq"] > position.seq else "change"
            if kind == "message":
                position = RoomPosition(message["seq"], message["ts"], position.rev)
            yield self._encode(kind, message, position)


def _not_before(start: RoomPosition, event: BufferedEvent) -> bytes:
    """The frame for somebody who is at `start`: a change that was sent before its room came so far must
    not take them back."""
    if event.position.seq >= start.seq:
        return event.frame
    position = RoomPosition(start.seq, start.ts, event.position.rev)
    return server_frames.framed(server_frames.with_position(server_frames.payload(event.frame), position))
