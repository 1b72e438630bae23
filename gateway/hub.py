"""The rooms of this process, and who hears them: a room's feed begins with its first client and ends with its last."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from chat.rooms import Room
from gateway.appsync import AppSync, Realtime, UpstreamRefused
from gateway.client import Client
from gateway.feed import Feed
from gateway.metrics import Metrics
from gateway.settings import Settings

log = logging.getLogger(__name__)

LINGER_S = 30.0
"""How long a room is heard after its last client went: whoever comes back at once finds its tail."""

AT_ONCE = 20
"""How many people are looked up at once when it is not known who lost access."""


class Hub:
    """Feeds by room, clients by room and user."""

    def __init__(
        self,
        appsync: AppSync,
        realtime: Realtime,
        token: Callable[[], str],
        settings: Settings,
        metrics: Metrics,
    ) -> None:
        self._appsync, self._realtime, self._token = appsync, realtime, token
        self._settings, self._metrics = settings, metrics
        self.feeds: dict[str, Feed] = {}
        self._endings: dict[str, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def feed(self, room: Room) -> Feed:
        """The room's feed, which stays for as long as somebody hears it."""
        if ending := self._endings.pop(room.id, None):
            ending.cancel()
        feed = self.feeds.get(room.id)
        if feed is None or feed.has_failed:
            feed = self.feeds[room.id] = Feed(
                room,
                self._appsync,
                self._realtime,
                self._token,
                self._settings,
                self._metrics,
                self._removed,
                self._suspicious,
            )
        return feed

    def leave(self, room: Room, client: Client) -> None:
        feed = self.feeds.get(room.id)
        if feed is None:
            return
        feed.audience.remove(client)
        if not len(feed.audience) and room.id not in self._endings:
            loop = asyncio.get_running_loop()
            self._endings[room.id] = loop.call_later(LINGER_S, self._end, room.id)

    def _end(self, room_id: str) -> None:
        self._endings.pop(room_id, None)
        feed = self.feeds.get(room_id)
        if feed is not None and not len(feed.audience):
            del self.feeds[room_id]
            self._spawn(feed.close())

    def _removed(self, room: Room, user_id: str) -> None:
        """Somebody lost access: their connections hear no more of the room."""
        for client in self._clients(room):
            if client.user_id == user_id:
                client.removed(room)

    def _suspicious(self, room: Room) -> None:
        """An epoch ended unheard, so everybody in the room here is looked up, with their own tokens."""
        self._spawn(self._look_up(room))

    async def _look_up(self, room: Room) -> None:
        turns = asyncio.Semaphore(AT_ONCE)

        async def look_up(client: Client) -> None:
            async with turns:
                try:
                    await client.judge(room)
                except UpstreamRefused as refused:
                    if refused.refusal.code in ("NotRoomMember", "NotAllowed"):
                        client.removed(room)

        await asyncio.gather(*(look_up(client) for client in self._clients(room)))

    def _clients(self, room: Room) -> list[Client]:
        feed = self.feeds.get(room.id)
        return [each for each in feed.audience if isinstance(each, Client)] if feed else []

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        for ending in self._endings.values():
            ending.cancel()
        await asyncio.gather(*(feed.close() for feed in self.feeds.values()), *self._tasks)
