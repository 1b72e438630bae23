"""One client: carries out what `connection` decides, with the chat's API under the client's own token."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import islice
from typing import Any, Protocol

from chat.rules.rooms import Room
from gateway import documents, frames
from gateway.appsync import UNAVAILABLE, AppSync, UpstreamRefused, jittered
from gateway.audience import nowhere
from gateway.connection import Action, Close, CloseCode, Connection, Reply
from gateway.feed import Extra, Feed
from gateway.history import Missed
from gateway.metrics import Metrics

log = logging.getLogger(__name__)

BEAT_SECONDS = 30.0
"""How often a client's positions are passed on at the most."""

BEAT_ROOMS = 50
"""How many rooms one heartbeat may name."""

JUDGEMENTS = 5
"""How often it is tried to look somebody up, before they hear no more of the room."""

JUDGED_AT_ONCE = 10
"""How many of a client's rooms are asked for at once: a hundred together would make everybody else wait."""

NO_ACCESS = frozenset({"NotRoomMember", "NotAllowed"})


class Feeds(Protocol):
    """The hub, as a client needs it."""

    def enter(self, room: Room, client: "Client") -> Feed: ...

    def leave(self, room: Room, client: "Client") -> None: ...


class Wire(Protocol):
    """The way to the client. `write` never waits; `pour` says whether the client took everything in time."""

    write: Callable[[bytes], None]

    async def pour(self, frames: Iterable[bytes]) -> bool: ...


class FellBehind(Exception):
    """The client takes what it missed more slowly than the room goes on."""


class Client:
    """`close` ends the connection after what was written."""

    def __init__(
        self,
        connection: Connection,
        appsync: AppSync,
        hub: Feeds,
        metrics: Metrics,
        wire: Wire,
        close: Callable[[CloseCode, str], None],
    ) -> None:
        self.connection = connection
        self.user_id = ""
        self.write = wire.write
        self._wire = wire
        self._token = ""
        self._appsync, self._hub, self._metrics = appsync, hub, metrics
        self._close = close
        self._joining: dict[str, asyncio.Task[None]] = {}
        self._turns = asyncio.Semaphore(JUDGED_AT_ONCE)
        self._judged: dict[str, int] = {}
        """The epoch in which the chat last said that the person is in a room."""
        self._delivered: dict[str, int] = {}
        self._beat_at = 0.0

    def verified(self, user_id: str, token: str) -> None:
        self.user_id, self._token = user_id, token

    async def carry_out(self, actions: Sequence[Action]) -> None:
        """All but `Verify`, which is the application's."""
        for action in actions:
            if isinstance(action, frames.Subscribe):
                self._start_joining(action)
            elif isinstance(action, frames.Unsubscribe):
                self._leave(action.room)
            else:
                self._at_once([action])
                await self._ask_for(action)

    async def _ask_for(self, action: Action) -> None:
        """What the chat is asked for in the client's name, in the order in which the client wished for it."""
        match action:
            case frames.Send():
                await self._send(action)
            case frames.Mark("delivered", room, seq):
                self._delivered[room.id] = max(seq, self._delivered.get(room.id, 0))
            case frames.Mark(_, room, seq):
                await self._asked(documents.READ, {"room": room.id, "seq": seq})
            case frames.Typing(room):
                await self._asked(documents.TYPING, {"room": room.id})
            case frames.Presence(room):
                if answer := await self._asked(documents.PRESENCE, {"room": room.id}):
                    self.reply(frames.encode("presence", room=room.id, presence=answer))

    def reply(self, text: str) -> None:
        self.write(frames.server_frame(text))

    def lost(self) -> None:
        """The connection is gone. What it asked for before is carried out; nothing is told any more."""
        self.write = nowhere
        self.leave_all()

    def shut(self, code: CloseCode, reason: str) -> None:
        self.leave_all()
        self._close(code, reason)

    def removed(self, room: Room) -> None:
        """The chat says that the client's person is not in this room any more."""
        self._leave(room)
        self._at_once(self.connection.removed(room))

    def unheard(self, room: Room) -> None:
        """The room cannot be heard just now: the client is to subscribe again."""
        if room.id not in self.connection.rooms:
            return
        self._leave(room)
        self._at_once(self.connection.subscription_refused(room, UNAVAILABLE))

    def fell_behind(self) -> None:
        self._at_once(self.connection.fell_behind())

    def leave_all(self) -> None:
        for room in list(self.connection.rooms.values()):
            self._leave(room)

    def judged_in(self, room: Room) -> int:
        """The epoch in which the chat last said that the person is in the room; 0 before it did."""
        return self._judged.get(room.id, 0)

    async def judge(self, room: Room) -> None:
        """The chat's own decision whether the person may hear the room. Raises `UpstreamRefused`."""
        answer = await self._appsync.ask(documents.ROOM, {"room": room.id}, self._token)
        if answer["me"] is None:  # a visitor of a public room may look at it, not hear it
            raise UpstreamRefused(frames.Refusal("NotRoomMember", "You are not in this room.", {}))
        self._judged[room.id] = answer["head"]["epoch"]

    async def judge_again(self, room: Room) -> None:
        """Whoever is not there, and whoever cannot be looked up, hears no more of the room."""
        for attempt in range(JUDGEMENTS):
            try:
                await self.judge(room)
                return
            except UpstreamRefused as refused:
                if refused.refusal.code in NO_ACCESS:
                    self.removed(room)
                    return
                await asyncio.sleep(jittered(attempt))
        self.unheard(room)

    @property
    def has_news(self) -> bool:
        """Whether there is something to tell the chat."""
        return bool(self._delivered)

    async def beat(self, now: float) -> None:
        """Tell the chat what the client has, which is how delivery is measured: twice a minute, if there is something to tell."""
        if not self.has_news or now - self._beat_at < BEAT_SECONDS:
            return
        self._beat_at = now
        told = dict(islice(self._delivered.items(), BEAT_ROOMS))
        self._delivered = {room: seq for room, seq in self._delivered.items() if room not in told}
        positions = [{"roomId": room, "seq": seq} for room, seq in told.items()]
        try:
            await self._appsync.ask(documents.HEARTBEAT, {"rooms": positions}, self._token)
        except UpstreamRefused as refused:
            self._metrics.refusals.labels(refused.refusal.code).inc()
            self._delivered = told | self._delivered

    def _at_once(self, actions: Sequence[Action]) -> None:
        for action in actions:
            match action:
                case Reply(text):
                    self.reply(text)
                case Close(code, reason):
                    self.shut(code, reason)

    def _start_joining(self, wish: frames.Subscribe) -> None:
        room = wish.room
        self._leave(room)
        self._joining[room.id] = task = asyncio.create_task(self._join(wish))
        task.add_done_callback(partial(self._joined, room))

    async def _join(self, wish: frames.Subscribe) -> None:
        room = wish.room
        try:
            async with self._turns:
                await self.judge(room)
            feed = self._hub.enter(room, self)
            await feed.ready()
            for extra in _extras(wish):
                await feed.also(extra)
            missed = await feed.history.missed(wish.since) if wish.since is not None else None
            resumed = await self._give(feed, wish, missed)
        except UpstreamRefused as refused:
            self._metrics.refusals.labels(refused.refusal.code).inc()
            self._hub.leave(room, self)
            self._at_once(self.connection.subscription_refused(room, refused.refusal))
            return
        except FellBehind:
            self.fell_behind()
            return
        # Since the last look at what the room was told nothing has waited, so that no event comes between that and what is heard.
        feed.add(self, _extras(wish))
        about = {"room": room.id, "at": feed.at, "epoch": feed.epoch, "resumed": resumed}
        self.reply(frames.encode("subscribed", **about))

    async def _give(self, feed: Feed, wish: frames.Subscribe, missed: Missed | None) -> bool:
        """Write what was missed, as fast as the client takes it, and what the room is told meanwhile; whether that is everything.

        In the end the chat has said that the person is there in the room's epoch as it is known here: had they been removed while
        this waited, the notice would not have found them among those that hear the room. Raises `UpstreamRefused`, `FellBehind`.
        """
        room, mark = wish.room, feed.timeline.tail.count
        replayed = feed.history.replay(missed) if missed is not None else None
        history_epoch = missed.epoch if missed is not None else 0
        if replayed is None and wish.since is not None:
            self.reply(frames.encode("reset", room=room.id, at=feed.at))
        waiting = replayed or []
        while waiting or self.judged_in(room) < max(feed.epoch, history_epoch):
            if self.judged_in(room) < max(feed.epoch, history_epoch):
                await self.judge(room)
            elif await self._wire.pour(waiting):
                waiting = []
            else:
                raise FellBehind
            later, mark = feed.timeline.tail.told_since(mark), feed.timeline.tail.count
            if later is None:
                raise FellBehind
            waiting += [each.frame for each in later]
        return replayed is not None

    def _joined(self, room: Room, task: "asyncio.Task[None]") -> None:
        if self._joining.get(room.id) is task:
            del self._joining[room.id]
        if not task.cancelled() and (error := task.exception()):
            log.error("joining failed", extra={"error": type(error).__name__})
            self._hub.leave(room, self)
            refusal = frames.Refusal("InternalError", "Something went wrong on our side.", {})
            self._at_once(self.connection.subscription_refused(room, refusal))

    def _leave(self, room: Room) -> None:
        if task := self._joining.pop(room.id, None):
            task.cancel()
        self._judged.pop(room.id, None)
        self._hub.leave(room, self)

    async def _send(self, send: frames.Send) -> None:
        try:
            message = await self._appsync.ask(
                documents.SEND, {"room": send.room.id, **send.arguments}, self._token
            )
        except UpstreamRefused as refused:
            self._metrics.refusals.labels(refused.refusal.code).inc()
            self.reply(frames.refused(refused.refusal, ref=send.ref, room=send.room.id))
            return
        self.reply(frames.encode("ack", ref=send.ref, room=send.room.id, message=message))

    async def _asked(self, document: str, variables: dict[str, Any]) -> Any:
        """The answer, or `None` after the client was told of the refusal."""
        try:
            return await self._appsync.ask(document, variables, self._token)
        except UpstreamRefused as refused:
            self._metrics.refusals.labels(refused.refusal.code).inc()
            self.reply(frames.refused(refused.refusal, room=variables["room"]))
            return None


def _extras(wish: frames.Subscribe) -> list[Extra]:
    wanted: dict[Extra, bool] = {"receipt": wish.receipts, "typing": wish.typing}
    return [extra for extra, is_wanted in wanted.items() if is_wanted]
