"""One room in this process: one subscription upstream, one timeline, all its clients' transports.

A feed knows transports, not clients, and nothing of whoever owns it. What it finds out about access it
answers as values, on which the owner acts (`gateway/hub.py`):

    receive(message) ─▶ [Revoked]     to be acted on before anything else is received
    run()            ─▶ EpochEnded    nothing of the new epoch is delivered before the owner asks for more
    run() has ended  ─▶ the room is not received any more
"""

import asyncio
import logging
import random
import time
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Any

from chat.rules.rooms import Room
from gateway import documents, server_frames
from gateway.appsync import UNAVAILABLE, UpstreamRefused, jittered
from gateway.broadcaster import Broadcaster
from gateway.client_transport import ClientTransport
from gateway.documents import Document
from gateway.ephemeral import EphemeralEvents, EphemeralKind
from gateway.history import History
from gateway.metrics import Metrics
from gateway.position import RoomPosition
from gateway.realtime import OnEvent, Realtime, Subscription
from gateway.replay_buffer import EventKind, MemoryBudget
from gateway.service import Service
from gateway.settings import Settings
from gateway.timeline import HistoryPage, Message, RoomEvent, Timeline

log = logging.getLogger(__name__)

READY_SECONDS = 10.0
"""How long a client waits for its room to be received, or to be where the chat is."""

BEGINNING = RoomPosition(0, None, 0)
LOST_ACCESS = frozenset({"MEMBER_REMOVED", "MEMBER_LEFT", "MEMBER_BANNED"})
CAME = frozenset({"MEMBER_ADDED", "MEMBER_JOINED"})
"""By these an epoch may end in a room that shows its history from joining on: nobody who receives the room lost anything."""

NO_SUCH_ROOM = frozenset({"NotRoomMember", "NotAllowed", "InvalidInput"})
ABOUT_THE_ROOM = NO_SUCH_ROOM | {"StaleEpoch", "ServiceUnavailable"}
"""The refusals of the service's own requests that say something of the room."""


@dataclass(frozen=True, slots=True)
class Revoked:
    """This person lost access; the room is in `epoch` since (`None`: the notice did not say)."""

    user_id: str
    epoch: int | None


@dataclass(frozen=True, slots=True)
class EpochEnded:
    """The room is in `epoch`, and no notice came of who lost access: everybody who receives it is to be
    looked up."""

    epoch: int


class Feed:
    """Begins with its room's first client and ends with its last."""

    def __init__(
        self,
        room: Room,
        service: Service,
        realtime: Realtime,
        settings: Settings,
        metrics: Metrics,
        budget: MemoryBudget,
    ) -> None:
        self.room = room
        tick_s = settings.tick_ms / 1_000
        self.subscribers = Broadcaster(tick_s)
        self.timeline = Timeline(self._encode, settings.replay_events, budget)
        self.history = History(self._ask, self._until_caught_up, self.timeline, self._encode, metrics)
        self._ephemeral = EphemeralEvents(room, self._start, tick_s)
        self._service, self._realtime = service, realtime
        self._settings, self._metrics = settings, metrics
        self._subscription: Subscription | None = None
        self._is_lost = False
        self._epoch: int | None = None
        """The epoch that is subscribed to."""
        self._cleared_epoch = 0
        """The epoch up to which it is known who lost access. Nothing of a later one is delivered."""
        self._newest_epoch = 0
        """The newest epoch that history names: while everybody is looked up, whoever joins is judged in
        this one."""
        self._compare_at = 0.0
        self._work = asyncio.Event()
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._catching_up: list[asyncio.Future[None]] = []

    async def ready(self) -> None:
        """Until the room is received and its position known. Raises `UpstreamRefused`."""
        await _in_time(asyncio.shield(self._ready))

    def report_missing_role(self) -> None:
        """The service was not given the room, and somebody is a member of it."""
        self._service.lacks_role()

    @property
    def epoch(self) -> int:
        """The epoch that the room is in, as far as is known here. Whoever was looked up in an earlier one
        is looked up again."""
        return max(self.timeline.epoch or 0, self._newest_epoch)

    @property
    def position(self) -> str:
        """The room's position, for clients to come back with."""
        return str(self.timeline.position or "")

    async def want(self, kind: EphemeralKind) -> None:
        """Receive these events of the room, too."""
        await self._ephemeral.want(kind)

    def add(self, subscriber: ClientTransport, kinds: Iterable[EphemeralKind], hidden: int = 0) -> None:
        """From now on the room's events are written to it, and these ephemeral ones; nothing of messages up to number
        `hidden`."""
        self.subscribers.add(subscriber, hidden)
        self._ephemeral.add(subscriber, kinds)

    def remove(self, subscriber: ClientTransport) -> None:
        self.subscribers.remove(subscriber)
        self._ephemeral.remove(subscriber)

    async def run(self, on_event: OnEvent) -> AsyncGenerator[EpochEnded, None]:
        """Subscribe, catch up, and go on receiving whatever happens upstream. Ends where the service itself
        may not receive the room.

        `on_event` is called with each live event: it hands it to `receive`, and acts on the answer.
        """
        attempt = 0
        while True:
            try:
                await self._subscribe(on_event)
                is_live = True
                while is_live:
                    async with aclosing(self._catch_up()) as epochs:
                        async for ended in epochs:
                            yield ended
                    if not self._ready.done():
                        self._ready.set_result(None)
                    attempt = 0
                    is_live = self._epoch == self.timeline.epoch and await self._next_work()
                self._epoch = self.timeline.epoch
            except UpstreamRefused as refused:
                if not self._ready.done() and refused.refusal.code in NO_SUCH_ROOM:
                    self._ready.set_exception(refused)
                    self._ready.exception()  # nobody may be waiting for it
                    return
                if refused.refusal.code == "NotRoomMember":
                    yield EpochEnded(self.epoch)  # the room has ended: so everybody in it is told
                    if len(self.subscribers):  # the chat says that they are members
                        self._service.lacks_role()
                attempt = await self._back_off(refused.refusal, attempt)

    def receive(self, message: Message) -> list[Revoked]:
        """Deliver a live event to the subscribers, in its turn; who lost access by it. They are still
        subscribed: remove them."""
        epoch = message.get("epoch") or 0
        if epoch > self._cleared_epoch:
            if message.get("rev") is not None and message.get("seq") is not None:
                # What was edited away or removed is forgotten at once. Whoever joins is judged in this epoch
                # before the new state is written to them.
                self._newest_epoch = max(self._newest_epoch, epoch)
                self.timeline.forget_older(message)
            self.timeline.needs_reading = True
            self._work.set()
            return []
        revoked = self._deliver(self.timeline.receive(message, time.monotonic()))
        if self.timeline.needs_reading or self.timeline.deadline or self.timeline.epoch != self._epoch:
            self._work.set()
        return revoked

    def close(self) -> None:
        """After `run` has ended."""
        self._unsubscribe()
        self.timeline.buffer.close()

    async def _subscribe(self, on_event: OnEvent) -> None:
        if self._epoch is None:
            self._epoch = (await self._ask(documents.ROOM))["head"]["epoch"]
        self._unsubscribe()
        self._is_lost = False
        self._subscription = await self._start(documents.ON_MESSAGE, on_event)
        await self._ephemeral.subscribe()
        self.timeline.needs_reading = True
        self._compare_at = self._next_comparison()

    async def _start(self, document: Document, on_event: OnEvent) -> Subscription:
        subscription = Subscription(on_event, self._lost)
        variables = {"room": self.room.id, "epoch": self._epoch}
        with self._service.judged():
            await self._realtime.subscribe(subscription, document, variables)
        return subscription

    def _unsubscribe(self) -> None:
        """End all subscriptions from here."""
        subscriptions = [*filter(None, [self._subscription]), *self._ephemeral.release()]
        self._subscription = None
        for subscription in subscriptions:
            subscription.on_end = lambda: None
            subscription.close()

    def _lost(self) -> None:
        self._is_lost = True
        self._work.set()

    async def _back_off(self, refusal: server_frames.Refusal, attempt: int) -> int:
        """Wait before attempt `attempt`, unless it is known what was wrong; the number of the next one."""
        if refusal.code == "StaleEpoch":
            self._epoch = int(refusal.values.get("epoch", 0)) or None
            return attempt
        log.warning("room is not received", extra={"room": self.room.id, "reason": refusal.code})
        self._unsubscribe()
        await asyncio.sleep(jittered(attempt))
        return min(attempt + 1, 10)

    async def _next_work(self) -> bool:
        """Wait until history may have to be read; whether the subscription lives."""
        if not self._is_lost:
            deadline = min(filter(None, (self.timeline.deadline, self._compare_at)))
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, deadline - time.monotonic())):
                    await self._work.wait()
            self._work.clear()
            now = time.monotonic()
            self.timeline.expire(now)
            if now >= self._compare_at:
                self.timeline.needs_reading = True
                self._compare_at = self._next_comparison()
                await self._ephemeral.subscribe()
        return not self._is_lost

    def _next_comparison(self) -> float:
        """Each room at a time of its own, so that those that began together do not ask together."""
        return time.monotonic() + self._settings.compare_seconds * random.uniform(0.67, 1.33)  # noqa: S311  jitter

    async def _catch_up(self) -> AsyncGenerator[EpochEnded, None]:
        """Read history until nothing asks for it. A page that was read before a change that came meanwhile is read anew."""
        while True:
            async with aclosing(self._due_pages()) as pages:
                async for page in pages:
                    self._newest_epoch = max(self._newest_epoch, page.epoch)
                    if page.epoch > self._cleared_epoch:
                        yield EpochEnded(page.epoch)
                        self._clear(page.epoch)
                    if self.timeline.is_outdated(page):
                        self.timeline.needs_reading = True
                        break
                    self._read(page)
            if not self.timeline.needs_reading:
                return

    async def _due_pages(self) -> AsyncGenerator[HistoryPage, None]:
        """History up to head, if it has to be read. The first time the room begins at its head."""
        if self.timeline.position is None:
            self.timeline.start((await self._ask(documents.ROOM))["head"])
            self._clear(self.epoch)
            self.timeline.needs_reading = self._work.is_set()  # something came before the head was known
        while self.timeline.needs_reading or self._catching_up:
            waiting, self._catching_up = self._catching_up, []
            self.timeline.begin_reading()
            is_read = False
            try:
                async for page in self.history.pages(self.timeline.position or BEGINNING, of_feed=True):
                    yield page
                is_read = True
            finally:
                if not is_read:
                    self._catching_up += waiting
            for each in waiting:
                if not each.done():
                    each.set_result(None)

    def _read(self, page: HistoryPage) -> None:
        self._deliver(self.timeline.read(page))  # history has no notices, so nobody loses access by it
        if page.reset:
            reset = server_frames.encode("reset", room=self.room.id, at=self.position)
            self.subscribers.publish(server_frames.framed(reset))

    async def _until_caught_up(self) -> None:
        """Until history was read anew, from its beginning. Raises `UpstreamRefused`."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._catching_up.append(done)
        self._work.set()
        await _in_time(done)

    async def _ask(self, document: Document, **variables: Any) -> Any:
        try:
            return await self._service.ask(document, {"room": self.room.id, **variables})
        except UpstreamRefused as refused:
            if refused.refusal.code in ABOUT_THE_ROOM:
                raise
            log.warning("service was refused", extra={"room": self.room.id, "reason": refused.refusal.code})
            raise UpstreamRefused(UNAVAILABLE) from None  # nothing that a client has done, or can mend

    def _clear(self, epoch: int) -> None:
        self._cleared_epoch = self._ephemeral.cleared_epoch = max(self._cleared_epoch, epoch)

    def _deliver(self, events: Sequence[RoomEvent]) -> list[Revoked]:
        """Publish them; who lost access by them."""
        revoked = []
        for event in events:
            self._metrics.delivered(event, len(self.subscribers), time.time_ns() // 1_000_000)
            self.subscribers.publish(event.frame, event.message.get("seq") or 0)
            notice = event.message.get("notice")
            if notice and notice.get("kind") in CAME and notice.get("nextEpoch") == self._cleared_epoch + 1:
                self._clear(notice["nextEpoch"])  # nobody lost access by it
            if notice and notice.get("kind") in LOST_ACCESS:
                epoch = notice.get("nextEpoch")
                if epoch == self._cleared_epoch + 1:
                    self._clear(epoch)
                revoked.append(Revoked(notice["userId"], epoch))
        return revoked

    def _encode(self, kind: EventKind, message: Message, position: RoomPosition) -> bytes:
        text = server_frames.encode(kind, room=self.room.id, at=str(position), message=message)
        return server_frames.framed(text)


async def _in_time(waiting: "asyncio.Future[None]") -> None:
    try:
        async with asyncio.timeout(READY_SECONDS):
            await waiting
    except TimeoutError:
        raise UpstreamRefused(UNAVAILABLE) from None
