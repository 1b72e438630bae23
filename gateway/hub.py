"""The rooms of this process and their clients. The hub owns both: what a room's feed finds out about access,
it does to the clients.

A feed begins with its room's first client and ends some time after its last.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from chat.rules.rooms import Room
from chat.rules.trace import trace_id
from gateway import client_frames, server_frames
from gateway.appsync import UNAVAILABLE, UpstreamRefused, jittered
from gateway.client import Client
from gateway.connection import Action, Close, Reply
from gateway.feed import Feed
from gateway.joining import FellBehind, join
from gateway.metrics import Metrics
from gateway.timeline import Message

log = logging.getLogger(__name__)

IDLE_SECONDS = 30.0
"""How long a room is received after its last client left: whoever comes back at once is served from its
replay buffer."""

LOOK_UPS_AT_ONCE = 100
"""How many people are looked up at once when it is not known who lost access."""

LOOK_UP_SECONDS = 5.0
"""How long the others wait for that. Who was not looked up by then receives nothing more until they
subscribe again."""

LOOK_UP_ATTEMPTS = 5
"""How often it is tried to look somebody up."""

NO_ACCESS = frozenset({"NotRoomMember", "NotAllowed"})
FAULT = server_frames.Refusal("InternalError", "Something went wrong on our side.", {})


@dataclass(eq=False)
class HostedRoom:
    """A room of this process. `clients` receive it, or are about to. `ending`: since there are none."""

    feed: Feed
    running: asyncio.Task[None]
    clients: set[Client] = field(default_factory=set)
    ending: asyncio.TimerHandle | None = None


class Hub:
    """`new_feed` makes the feed of a room that has none yet."""

    def __init__(self, new_feed: Callable[[Room], Feed], metrics: Metrics) -> None:
        self._new_feed, self._metrics = new_feed, metrics
        self.rooms: dict[str, HostedRoom] = {}
        self._joining: dict[tuple[Client, str], asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def carry_out(self, client: Client, actions: Sequence[Action]) -> None:
        """In their order, all but `Verify`, which is the session's. Joining a room goes on beside what
        follows."""
        for action in actions:
            match action:
                case Reply() | Close():
                    client.apply([action])
                case client_frames.Subscribe():
                    self._start_joining(client, action)
                case client_frames.Unsubscribe(room=room):
                    self.leave(client, room)
                case _:
                    await client.request(action)

    def leave(self, client: Client, room: Room) -> None:
        """The client receives nothing more of the room."""
        if joining := self._joining.pop((client, room.id), None):
            joining.cancel()
        client.forget_access(room)
        self._exit(client, room)

    def leave_all(self, client: Client) -> None:
        for room in list(client.connection.rooms.values()):
            self.leave(client, room)

    async def close(self) -> None:
        for hosted in self.rooms.values():
            if hosted.ending is not None:
                hosted.ending.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # joining and leaving

    def _start_joining(self, client: Client, subscribe: client_frames.Subscribe) -> None:
        room = subscribe.room
        self.leave(client, room)
        self._joining[client, room.id] = task = self._task(self._join(client, subscribe))
        task.add_done_callback(partial(self._joined, client, room, subscribe.traceparent))

    async def _join(self, client: Client, subscribe: client_frames.Subscribe) -> None:
        try:
            await client.check_access_in_turn(subscribe.room, subscribe.traceparent)
            await join(client, self._enter(client, subscribe.room), subscribe)
        except UpstreamRefused as refused:
            self._metrics.refused(refused.refusal.code)
            self._exit(client, subscribe.room)
            client.apply(client.connection.subscription_refused(subscribe.room, refused.refusal))
        except FellBehind:
            client.apply(client.connection.fell_behind())

    def _joined(
        self, client: Client, room: Room, traceparent: str | None, task: "asyncio.Task[None]"
    ) -> None:
        if self._joining.get((client, room.id)) is task:
            del self._joining[client, room.id]
        if not task.cancelled() and (error := task.exception()):
            about = {"error": type(error).__name__, "trace_id": trace_id(traceparent, None)}
            log.error("joining failed", extra=about)
            self._exit(client, room)
            client.apply(client.connection.subscription_refused(room, FAULT))

    def _enter(self, client: Client, room: Room) -> Feed:
        """The room's feed, which stays until the client leaves."""
        hosted = self.rooms.get(room.id)
        if hosted is None:
            hosted = self.rooms[room.id] = HostedRoom(*self._start_feed(room))
        elif hosted.running.done():  # the service was refused the room, or has failed: it tries again
            hosted.feed, hosted.running = self._start_feed(room)
        if hosted.ending is not None:
            hosted.ending.cancel()
            hosted.ending = None
        hosted.clients.add(client)
        return hosted.feed

    def _exit(self, client: Client, room: Room) -> None:
        hosted = self.rooms.get(room.id)
        if hosted is None or client not in hosted.clients:
            return
        hosted.clients.remove(client)
        hosted.feed.remove(client.transport)
        if not hosted.clients:
            hosted.ending = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._end, room.id)

    def _end(self, room_id: str) -> None:
        self.rooms.pop(room_id).running.cancel()

    # feeds, and what they find out about access

    def _start_feed(self, room: Room) -> tuple[Feed, asyncio.Task[None]]:
        feed = self._new_feed(room)
        running = self._task(self._run(feed))
        running.add_done_callback(partial(self._ended, feed))
        return feed, running

    async def _run(self, feed: Feed) -> None:
        async with aclosing(feed.run(partial(self._receive, feed))) as ended_epochs:
            async for _ in ended_epochs:
                await self._look_everybody_up(feed)

    def _receive(self, feed: Feed, message: Message) -> None:
        for revoked in feed.receive(message):
            for client in self._receiving(feed):
                is_back = revoked.epoch is not None and client.access_epoch(feed.room) >= revoked.epoch
                if client.user_id == revoked.user_id and not is_back:
                    self._remove(client, feed.room)

    def _ended(self, feed: Feed, running: "asyncio.Task[None]") -> None:
        feed.close()
        if not running.cancelled() and (error := running.exception()):
            log.error("room failed", extra={"room": feed.room.id, "error": type(error).__name__})
            for client in self._receiving(feed):
                self._interrupt(client, feed.room)

    async def _look_everybody_up(self, feed: Feed) -> None:
        """With their own tokens, all that receive the room. Those that come later are looked up later."""
        turns = asyncio.Semaphore(LOOK_UPS_AT_ONCE)

        async def look_up(client: Client) -> None:
            async with turns:
                await self._look_up(client, feed)

        looking_up = {asyncio.create_task(look_up(client)): client for client in self._receiving(feed)}
        try:
            if looking_up:
                await asyncio.wait(looking_up, timeout=LOOK_UP_SECONDS)
            for task, client in looking_up.items():
                if not task.done() or task.exception():
                    self._interrupt(client, feed.room)
        finally:
            for task in looking_up:
                task.cancel()

    async def _look_up(self, client: Client, feed: Feed) -> None:
        """Whoever is no member, and whoever cannot be looked up, receives nothing more of the room."""
        room = feed.room
        for attempt in range(LOOK_UP_ATTEMPTS):
            try:
                await client.check_access(room)
                if hosted := self.rooms.get(room.id):
                    hosted.feed.subscribers.hide(client.transport, client.sight(room).hidden)
                return
            except UpstreamRefused as refused:
                if refused.refusal.code in NO_ACCESS:
                    self._remove(client, room)
                    return
                await asyncio.sleep(jittered(attempt))
        self._interrupt(client, room)

    def _remove(self, client: Client, room: Room) -> None:
        """The chat says that the client's person is not a member of this room any more."""
        self.leave(client, room)
        client.apply(client.connection.removed(room))

    def _interrupt(self, client: Client, room: Room) -> None:
        """The room cannot be received just now: the client is to subscribe again."""
        if room.id in client.connection.rooms:
            self.leave(client, room)
            client.apply(client.connection.subscription_refused(room, UNAVAILABLE))

    def _receiving(self, feed: Feed) -> list[Client]:
        hosted = self.rooms.get(feed.room.id)
        return [each for each in hosted.clients if each.transport in feed.subscribers] if hosted else []

    def _task(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
