"""One room in this process: one subscription upstream, one timeline, all its clients."""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Literal, Protocol

from chat.rules.rooms import Room
from gateway import documents, frames
from gateway.appsync import UNAVAILABLE, AppSync, UpstreamRefused, jittered
from gateway.audience import Audience, Listener
from gateway.history import History
from gateway.metrics import Metrics
from gateway.realtime import Realtime, Subscription
from gateway.settings import Settings
from gateway.tail import Budget, Kind, Position
from gateway.timeline import Message, Timeline, Told

log = logging.getLogger(__name__)

Extra = Literal["receipt", "typing"]
EXTRAS: Mapping[Extra, str] = {"receipt": documents.ON_RECEIPT, "typing": documents.ON_TYPING}
"""What a room's clients may hear beside its messages, each by a subscription of its own."""

READY_SECONDS = 10.0
"""How long a client waits for its room to be heard, or to be where the chat is."""

NOWHERE = Position(0, None, 0)
LOST_ACCESS = frozenset({"MEMBER_REMOVED", "MEMBER_LEFT", "MEMBER_BANNED"})
NO_SUCH_ROOM = frozenset({"NotRoomMember", "NotAllowed", "InvalidInput"})
ANSWERS = NO_SUCH_ROOM | {"StaleEpoch", "ServiceUnavailable"}
"""The refusals of the service's own requests that say something of the room."""


class Doorkeeper(Protocol):
    """Who sees to it that nobody hears a room who is not in it any more."""

    def parted(self, room: Room, user_id: str, epoch: int | None) -> None:
        """This person lost access; the room is in `epoch` since."""

    async def account(self, room: Room) -> None:
        """An epoch has ended, and it was not heard who lost access: look up everybody who hears the room."""

    def failed(self, room: Room) -> None:
        """The room is not heard any more, by a fault of this program."""


class Feed:
    """Begins with its first client and ends with its last."""

    def __init__(
        self,
        room: Room,
        appsync: AppSync,
        realtime: Realtime,
        token: Callable[[], str],
        settings: Settings,
        metrics: Metrics,
        doorkeeper: Doorkeeper,
        budget: Budget,
    ) -> None:
        self.room = room
        self.audience = Audience(settings.tick_ms / 1_000)
        self.timeline = Timeline(self._encode, settings.tail_messages, budget)
        self.history = History(self._ask, self._caught_up, self.timeline, self._encode, metrics)
        self._appsync, self._realtime, self._token = appsync, realtime, token
        self._settings, self._metrics, self._doorkeeper = settings, metrics, doorkeeper
        self._subscription: Subscription | None = None
        self._is_lost = False
        self._wanted: set[Extra] = set()
        self._extras: dict[Extra, Subscription] = {}
        self._listening: dict[Extra, Audience] = {
            extra: Audience(settings.tick_ms / 1_000) for extra in EXTRAS
        }
        self._extras_turn = asyncio.Lock()
        self._epoch: int | None = None
        """The epoch that is subscribed to."""
        self._accounted = 0
        """The epoch up to which it is known who lost access. Nothing of a later one is told."""
        self._seen = 0
        """The newest epoch that history told of: while everybody is looked up, whoever joins is judged in this one."""
        self._work = asyncio.Event()
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._behind: list[asyncio.Future[None]] = []
        self._task = asyncio.create_task(self._run())
        self._task.add_done_callback(self._ended)

    async def ready(self) -> None:
        """Until the room is heard and its position known. Raises `UpstreamRefused`."""
        await _in_time(asyncio.shield(self._ready))

    @property
    def has_failed(self) -> bool:
        """Whether the service itself may not hear this room: the next client tries again."""
        return self._task.done()

    @property
    def epoch(self) -> int:
        """The epoch that the room is in, as far as is known here. Whoever was judged in an earlier one is judged again."""
        return max(self.timeline.epoch or 0, self._seen)

    @property
    def at(self) -> str:
        """The room's position, for clients to come back with."""
        return str(self.timeline.position or "")

    async def also(self, extra: Extra) -> None:
        """Hear `receipt` or `typing` events, too, from the first client on that asks."""
        self._wanted.add(extra)
        await self._hear_extras()

    def add(self, client: Listener, extras: Iterable[Extra]) -> None:
        """From now on the client hears the room, and these events of it."""
        self.audience.add(client)
        for extra in extras:
            self._listening[extra].add(client)

    def remove(self, client: Listener) -> None:
        for audience in (self.audience, *self._listening.values()):
            audience.remove(client)

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._drop()

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
                if not self._ready.done() and refused.refusal.code in NO_SUCH_ROOM:
                    self._ready.set_exception(refused)
                    self._ready.exception()  # whoever waits hears of it; nobody may
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
        self._is_lost = False
        self._subscription = await self._start(documents.ON_MESSAGE, self._heard)
        await self._hear_extras()
        self.timeline.needs_reading = True

    async def _start(self, document: str, heard: Callable[[Mapping[str, Any]], None]) -> Subscription:
        subscription = Subscription(heard, self._lost)
        variables = {"room": self.room.id, "epoch": self._epoch}
        await self._realtime.subscribe(subscription, document, variables)
        return subscription

    async def _hear_extras(self) -> None:
        """Subscribe to those that are wanted and not heard yet. One that is refused is asked for again when head is compared."""
        async with self._extras_turn:
            for extra in self._wanted - set(self._extras):
                try:
                    self._extras[extra] = await self._start(EXTRAS[extra], partial(self._heard_extra, extra))
                except UpstreamRefused as refused:
                    fields = {"room": self.room.id, "extra": extra, "reason": refused.refusal.code}
                    log.warning("extra is not heard", extra=fields)

    async def _listen(self) -> None:
        """Until the subscription has to be made anew."""
        compare = self._next_comparison()
        while not self._is_lost and self._epoch == self.timeline.epoch:
            deadline = min(filter(None, (self.timeline.deadline, compare)))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._work.wait(), max(0.0, deadline - time.monotonic()))
            self._work.clear()
            now = time.monotonic()
            self.timeline.expire(now)
            if now >= compare:
                self.timeline.needs_reading = True
                compare = self._next_comparison()
                await self._hear_extras()
            if not self._is_lost:
                await self._catch_up()
        self._epoch = self.timeline.epoch

    def _next_comparison(self) -> float:
        """Each room at a time of its own, so that those that began together do not ask together."""
        return time.monotonic() + self._settings.compare_seconds * random.uniform(0.67, 1.33)  # noqa: S311  jitter

    async def _catch_up(self) -> None:
        """Read history up to head, if that is needed. The first time the room begins at its head."""
        if self.timeline.position is None:
            self.timeline.start((await self._ask(documents.ROOM))["head"])
            self._accounted = self.epoch
            self.timeline.needs_reading = self._work.is_set()  # something was heard before the head was known
        while self.timeline.needs_reading or self._behind:
            waiting, self._behind = self._behind, []
            try:
                await self._read()
            except UpstreamRefused:
                self._behind += waiting
                raise
            for each in waiting:
                if not each.done():
                    each.set_result(None)

    async def _read(self) -> None:
        async for page in self.history.pages(self.timeline.position or NOWHERE):
            if page.epoch > self._accounted:
                self._seen = page.epoch
                await self._doorkeeper.account(self.room)
                self._accounted = max(self._accounted, page.epoch)
            self._pass_on(self.timeline.read(page))
            if page.reset:
                self._tell(frames.encode("reset", room=self.room.id, at=self.at))

    async def _caught_up(self) -> None:
        """Until history was read anew, from its beginning. Raises `UpstreamRefused`."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._behind.append(done)
        self._work.set()
        await _in_time(done)

    async def _ask(self, document: str, **variables: Any) -> Any:
        try:
            return await self._appsync.ask(document, {"room": self.room.id, **variables}, self._token())
        except UpstreamRefused as refused:
            if refused.refusal.code in ANSWERS:
                raise
            log.warning("service was refused", extra={"room": self.room.id, "reason": refused.refusal.code})
            raise UpstreamRefused(UNAVAILABLE) from None  # nothing that a client has done, or can mend

    def _heard(self, message: Mapping[str, Any]) -> None:
        if (message.get("epoch") or 0) > self._accounted:
            self.timeline.needs_reading = True
            self._work.set()
            return
        self._pass_on(self.timeline.heard(message, time.monotonic()))
        if self.timeline.needs_reading or self.timeline.deadline or self.timeline.epoch != self._epoch:
            self._work.set()

    def _heard_extra(self, extra: Extra, event: Mapping[str, Any]) -> None:
        if (event.get("epoch") or 0) > self._accounted:
            return  # of an epoch of which it is not known yet who is there
        text = frames.encode(extra, room=self.room.id, **{extra: event})
        self._listening[extra].tell(frames.server_frame(text))

    def _lost(self) -> None:
        self._is_lost = True
        self._work.set()

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self.timeline.tail.close()
        if not task.cancelled() and (error := task.exception()):
            log.error("room failed", extra={"room": self.room.id, "error": type(error).__name__})
            self._doorkeeper.failed(self.room)

    def _drop(self) -> None:
        """End all subscriptions from here."""
        subscriptions = [*filter(None, [self._subscription]), *self._extras.values()]
        self._subscription, self._extras = None, {}
        for subscription in subscriptions:
            subscription.ended = lambda: None
            subscription.close()

    def _pass_on(self, told: Sequence[Told]) -> None:
        for each in told:
            self._metrics.told(each, len(self.audience), time.time_ns() // 1_000_000)
            self.audience.tell(each.frame)
            notice = each.message.get("notice")
            if notice and notice.get("kind") in LOST_ACCESS:
                epoch = notice.get("nextEpoch")
                if epoch == self._accounted + 1:
                    self._accounted = epoch
                self._doorkeeper.parted(self.room, notice["userId"], epoch)

    def _encode(self, kind: Kind, message: Message, at: Position) -> bytes:
        return frames.server_frame(frames.encode(kind, room=self.room.id, at=str(at), message=message))

    def _tell(self, text: str) -> None:
        self.audience.tell(frames.server_frame(text))


async def _in_time(waiting: "asyncio.Future[None]") -> None:
    try:
        await asyncio.wait_for(waiting, READY_SECONDS)
    except TimeoutError:
        raise UpstreamRefused(UNAVAILABLE) from None
