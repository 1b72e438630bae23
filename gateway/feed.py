"""One room in this process: one subscription upstream, one timeline, all its clients."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from chat.rooms import Room
from gateway import documents, frames
from gateway.appsync import AppSync, Realtime, Subscription, UpstreamRefused, jittered
from gateway.audience import Audience
from gateway.metrics import Metrics
from gateway.settings import Settings
from gateway.timeline import Kind, Message, Page, Position, Timeline, Told

log = logging.getLogger(__name__)

SHARED_S = 2.0
"""How long what was read from history serves others who come back from the same place."""

MAX_BACK = 1_000
"""How many messages a client that knows no more than its last `seq` is given from history."""

NOWHERE = Position(0, None, 0)
LOST_ACCESS = frozenset({"MEMBER_REMOVED", "MEMBER_LEFT", "MEMBER_BANNED"})


class Feed:
    """Begins with its first client and ends with its last. `removed` is told of each user who lost access; `suspicious` when an
    epoch has ended and it was not heard who lost access."""

    def __init__(
        self,
        room: Room,
        appsync: AppSync,
        realtime: Realtime,
        token: Callable[[], str],
        settings: Settings,
        metrics: Metrics,
        removed: Callable[[Room, str], None],
        suspicious: Callable[[Room], None],
    ) -> None:
        self.room = room
        self.audience = Audience(settings.tick_ms / 1_000)
        self.timeline = Timeline(self._encode, settings.tail_messages)
        self._appsync, self._realtime, self._token = appsync, realtime, token
        self._settings, self._metrics = settings, metrics
        self._removed, self._suspicious = removed, suspicious
        self._subscription: Subscription | None = None
        self._extras: dict[str, Subscription] = {}
        self._epoch: int | None = None
        self._work = asyncio.Event()
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._fetching: dict[object, asyncio.Future[Sequence[Message] | None]] = {}
        self._noted_epoch = 0
        self._task = asyncio.create_task(self._run())

    async def ready(self) -> None:
        """Until the room is heard and its position known. Raises `UpstreamRefused`."""
        await asyncio.shield(self._ready)

    @property
    def has_failed(self) -> bool:
        """Whether the service itself may not hear this room: the next client tries again."""
        return self._task.done()

    def hears(self, name: str) -> bool:
        return name in self._extras

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._drop()

    # what a client that joins is to be given

    async def missed(self, since: Position | int) -> Sequence[Message] | None:
        """What history has to give to somebody who was at `since`: nothing where the tail serves, `None` where they have to start
        afresh."""
        if self.timeline.since(_known(since, self.timeline)) is not None:
            self._metrics.resumed("ring")
            return []
        key = since if isinstance(since, int) else str(since)
        items = await self._once(key, lambda: self._history(since))
        self._metrics.resumed("reset" if items is None else "history")
        return items

    def replay(self, since: Position | int, history: Sequence[Message]) -> list[Told] | None:
        """All that happened after `since`: first `history`, then what the room was told since then. `None`: start afresh."""
        start = _known(since, self.timeline)
        told = list(self._replayed(start, history))
        if history:
            start = Position(told[-1].at.seq, None, self.timeline.tail_rev)
        later = self.timeline.since(start)
        if later is None:
            return None
        seen = {(each.message["id"], each.message.get("rev")) for each in told}
        return told + [each for each in later if (each.message["id"], each.message.get("rev")) not in seen]

    def _replayed(self, at: Position, items: Sequence[Message]) -> Iterator[Told]:
        """What was read from history, as it is told to one client who was at `at`."""
        for message in items:
            kind: Kind = "message" if message["seq"] > at.seq else "change"
            if kind == "message":
                at = Position(message["seq"], message["ts"], at.rev)
            yield Told(kind, message, at, repaired=True, frame=self._encode(kind, message, at))

    async def _once(self, key: object, fetch: Callable[[], Any]) -> Sequence[Message] | None:
        """Fetches of the same within a moment are one: what was told since comes from the tail."""
        if key not in self._fetching:
            task = asyncio.ensure_future(fetch())
            self._fetching[key] = task
            task.add_done_callback(lambda done: self._fetched(key, done))
        return await asyncio.shield(self._fetching[key])

    def _fetched(self, key: object, task: "asyncio.Future[Any]") -> None:
        if task.cancelled() or task.exception():
            self._fetching.pop(key, None)
        else:
            asyncio.get_running_loop().call_later(SHARED_S, self._fetching.pop, key, None)

    async def _history(self, since: Position | int) -> Sequence[Message] | None:
        if isinstance(since, int):
            return await self._back_to(since)
        items: list[Message] = []
        async for page in self._pages(since):
            if page.reset:
                return None
            items += page.items
        return items

    async def _back_to(self, seq: int) -> Sequence[Message] | None:
        """The messages after `seq`, oldest first, read from the newest back."""
        found: list[Message] = []
        token = None
        while len(found) < MAX_BACK:
            answer = await self._ask(documents.MESSAGES, token=token)
            items = [each for each in answer["items"] if each["seq"] is not None]
            found += [each for each in items if each["seq"] > seq]
            token = answer["nextToken"]
            if token is None or any(each["seq"] <= seq for each in items):
                return found[::-1]
        return None

    # the room's own life

    async def _run(self) -> None:
        attempt = 0
        while True:
            try:
                await self._subscribe()
                await self._catch_up()
                if not self._ready.done():
                    self._ready.set_result(None)
                attempt = 0
                await self._listen()
            except UpstreamRefused as refused:
                if not self._ready.done() and refused.refusal.code in (
                    "NotRoomMember",
                    "NotAllowed",
                    "InvalidInput",
                ):
                    self._ready.set_exception(refused)
                    self._ready.exception()
                    return
                if refused.refusal.code == "StaleEpoch":
                    self._epoch = int(refused.refusal.values.get("epoch", 0)) or None
                    continue
                log.warning("room is not heard", extra={"room": self.room.id, "reason": refused.refusal.code})
                self._drop()
                await asyncio.sleep(jittered(attempt))
                attempt = min(attempt + 1, 10)

    async def _subscribe(self) -> None:
        if self._epoch is None:
            self._epoch = (await self._ask(documents.ROOM))["head"]["epoch"]
        self._drop()
        self._subscription = await self._start(documents.ON_MESSAGE, self._heard, self._lost)
        for name in list(self._extras):
            await self.also(name)
        self.timeline.needs_reading = True

    async def _start(
        self, document: str, heard: Callable[[Mapping[str, Any]], None], ended: Callable[[], None]
    ) -> Subscription:
        subscription = Subscription(heard, ended)
        variables = {"room": self.room.id, "epoch": self._epoch}
        await self._realtime.subscribe(subscription, document, variables)
        return subscription

    async def also(self, name: str) -> None:
        """Hear `receipt` or `typing` events, too: a further subscription, made when the first client asks."""
        document = {"receipt": documents.ON_RECEIPT, "typing": documents.ON_TYPING}[name]
        with suppress(UpstreamRefused):
            if old := self._extras.get(name):
                old.close()
            tell = lambda event: self._tell(frames.encode(name, room=self.room.id, **{name: event}))  # noqa: E731
            self._extras[name] = await self._start(document, tell, lambda: None)

    async def _listen(self) -> None:
        """Until the subscription has to be made anew."""
        compare = time.monotonic() + self._settings.compare_seconds
        while self._subscription is not None and self._epoch == self.timeline.epoch:
            deadline = min(filter(None, (self.timeline.deadline, compare)))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._work.wait(), max(0.0, deadline - time.monotonic()))
            self._work.clear()
            now = time.monotonic()
            self.timeline.expire(now)
            if now >= compare:
                self.timeline.needs_reading = True
                compare = now + self._settings.compare_seconds
            if self.timeline.needs_reading and self._subscription is not None:
                await self._catch_up()
        self._epoch = self.timeline.epoch

    async def _catch_up(self) -> None:
        """Read history up to head. The first time the room begins at its head."""
        timeline = self.timeline
        if timeline.position is None:
            timeline.start((await self._ask(documents.ROOM))["head"])
        before = timeline.epoch
        while timeline.needs_reading:
            async for page in self._pages(timeline.position or NOWHERE):
                if page.reset:
                    self._tell(frames.encode("reset", room=self.room.id))
                self._pass_on(timeline.read(page))
        if timeline.epoch != before and self._noted_epoch < (timeline.epoch or 0):
            self._noted_epoch = timeline.epoch or 0
            self._suspicious(self.room)

    async def _pages(self, since: Position) -> AsyncIterator[Page]:
        token = None
        while True:
            answer = await self._ask(documents.CHANGES, since=since.rev, after=since.ts, token=token)
            token = answer["nextToken"]
            yield Page(answer["items"], answer["head"], answer["reset"], last=token is None)
            if token is None:
                return

    async def _ask(self, document: str, **variables: Any) -> Any:
        return await self._appsync.ask(document, {"room": self.room.id, **variables}, self._token())

    def _heard(self, message: Mapping[str, Any]) -> None:
        self._pass_on(self.timeline.heard(message, time.monotonic()))
        if self.timeline.needs_reading or self.timeline.deadline or self.timeline.epoch != self._epoch:
            self._work.set()

    def _lost(self) -> None:
        self._subscription = None
        self._work.set()

    def _drop(self) -> None:
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            subscription.ended = lambda: None
            subscription.close()

    def _pass_on(self, told: Sequence[Told]) -> None:
        for each in told:
            self._metrics.told(each, len(self.audience), time.time_ns() // 1_000_000)
            self.audience.tell(each.frame)
            notice = each.message.get("notice")
            if notice and notice.get("kind") in LOST_ACCESS:
                self._noted_epoch = max(self._noted_epoch, notice.get("nextEpoch") or 0)
                self._removed(self.room, notice["userId"])

    def _encode(self, kind: Kind, message: Message, at: Position) -> bytes:
        return frames.server_frame(frames.encode(kind, room=self.room.id, at=str(at), message=message))

    @property
    def at(self) -> str:
        """The room's position, for clients to come back with."""
        return str(self.timeline.position or "")

    def _tell(self, text: str) -> None:
        self.audience.tell(frames.server_frame(text))


def _known(since: Position | int, timeline: Timeline) -> Position:
    """Where somebody is who knows no more than a number: they get every change that the tail has."""
    return Position(since, None, timeline.tail_rev) if isinstance(since, int) else since
