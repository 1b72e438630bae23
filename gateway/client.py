"""One client: carries out what `connection` decides, with the chat's API under the client's own token."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

from chat.rooms import Room
from gateway import documents, frames
from gateway.appsync import AppSync, UpstreamRefused
from gateway.connection import Action, Close, CloseCode, Connection, Reply
from gateway.feed import Feed
from gateway.metrics import Metrics

log = logging.getLogger(__name__)


class Feeds(Protocol):
    """The hub, as a client needs it."""

    def feed(self, room: Room) -> Feed: ...

    def leave(self, room: Room, client: "Client") -> None: ...


class Client:
    """`write` puts bytes on the wire at once; `close` ends the connection after what was written."""

    def __init__(
        self,
        connection: Connection,
        appsync: AppSync,
        hub: Feeds,
        metrics: Metrics,
        write: Callable[[bytes], None],
        close: Callable[[CloseCode, str], None],
    ) -> None:
        self.connection = connection
        self.user_id = ""
        self.write = write
        self._token = ""
        self._appsync, self._hub, self._metrics = appsync, hub, metrics
        self._close = close
        self._joining: dict[str, asyncio.Task[None]] = {}
        self.delivered: dict[str, int] = {}
        """How far the client says it has each room: passed on with its next heartbeat."""
        self.beat_at = 0.0

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
            case frames.Mark(kind, room, seq):
                await self._mark(kind, room, seq)
            case frames.Typing(room):
                await self._asked(documents.TYPING, {"room": room.id})
            case frames.Presence(room):
                if answer := await self._asked(documents.PRESENCE, {"room": room.id}):
                    self.reply(frames.encode("presence", room=room.id, presence=answer))

    def _start_joining(self, wish: frames.Subscribe) -> None:
        room = wish.room
        self._leave(room)
        self._joining[room.id] = task = asyncio.create_task(self._join(wish))
        task.add_done_callback(partial(self._joined, room))

    def reply(self, text: str) -> None:
        self.write(frames.server_frame(text))

    def shut(self, code: CloseCode, reason: str) -> None:
        self.leave_all()
        self._close(code, reason)

    def removed(self, room: Room) -> None:
        """The chat says that the client's person is not in this room any more."""
        self._leave(room)
        self._at_once(self.connection.removed(room))

    def fell_behind(self) -> None:
        self._at_once(self.connection.fell_behind())

    def leave_all(self) -> None:
        for room in list(self.connection.rooms.values()):
            self._leave(room)

    async def judge(self, room: Room) -> Any:
        """The chat's own decision whether the person may hear the room: its `head`. Raises `UpstreamRefused`."""
        answer = await self._appsync.ask(documents.ROOM, {"room": room.id}, self._token)
        if answer["me"] is None:  # a visitor of a public room may look at it, not hear it
            refusal = frames.Refusal("NotRoomMember", "You are not in this room.", {})
            raise UpstreamRefused(refusal)
        return answer

    async def beat(self) -> None:
        """Tell the chat what the client has, which is how delivery is measured."""
        rooms, self.delivered = self.delivered, {}
        positions = [{"roomId": room, "seq": seq} for room, seq in rooms.items()][:50]
        await self._asked(documents.HEARTBEAT, {"rooms": positions}, quiet=True)

    def _at_once(self, actions: Sequence[Action]) -> None:
        for action in actions:
            match action:
                case Reply(text):
                    self.reply(text)
                case Close(code, reason):
                    self.shut(code, reason)

    async def _join(self, wish: frames.Subscribe) -> None:
        room = wish.room
        feed = self._hub.feed(room)
        try:
            await self.judge(room)
            await feed.ready()
            history = await feed.missed(wish.since) if wish.since is not None else None
            for name, wanted in (("receipt", wish.receipts), ("typing", wish.typing)):
                if wanted and not feed.hears(name):
                    await feed.also(name)
        except UpstreamRefused as refused:
            self._metrics.refusals.labels(refused.refusal.code).inc()
            self._hub.leave(room, self)
            self._at_once(self.connection.subscription_refused(room, refused.refusal))
            return
        if room.id not in self.connection.rooms:
            self._hub.leave(room, self)
            return
        # From here to the end nothing waits, so that no event comes between what is replayed and what is heard.
        told = feed.replay(wish.since, history) if wish.since is not None and history is not None else None
        if told is None and wish.since is not None:
            self.reply(frames.encode("reset", room=room.id))
        feed.audience.add(self)
        for each in told or ():
            self.write(each.frame)
        self.reply(
            frames.encode(
                "subscribed",
                room=room.id,
                at=feed.at,
                epoch=feed.timeline.epoch,
                resumed=told is not None,
            )
        )

    def _joined(self, room: Room, task: "asyncio.Task[None]") -> None:
        if self._joining.get(room.id) is task:
            del self._joining[room.id]
        if not task.cancelled() and (error := task.exception()):
            log.error("joining failed", extra={"error": type(error).__name__})
            refusal = frames.Refusal("InternalError", "Something went wrong on our side.", {})
            self._at_once(self.connection.subscription_refused(room, refusal))

    def _leave(self, room: Room) -> None:
        if task := self._joining.pop(room.id, None):
            task.cancel()
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

    async def _mark(self, kind: str, room: Room, seq: int) -> None:
        if kind == "delivered":
            self.delivered[room.id] = max(seq, self.delivered.get(room.id, 0))
        else:
            await self._asked(documents.READ, {"room": room.id, "seq": seq})

    async def _asked(self, document: str, variables: dict[str, Any], *, quiet: bool = False) -> Any:
        """The answer, or `None` after the client was told of the refusal."""
        try:
            return await self._appsync.ask(document, variables, self._token)
        except UpstreamRefused as refused:
            self._metrics.refusals.labels(refused.refusal.code).inc()
            if not quiet:
                self.reply(
                    frames.refused(refused.refusal, **{k: v for k, v in variables.items() if k == "room"})
                )
            return None


def is_due(client: Client, now: float) -> bool:
    """Whether the client has something to tell, and last told half a minute ago."""
    return bool(client.delivered) and now - client.beat_at >= 30.0
