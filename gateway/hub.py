"""The rooms of this process, and who hears them: a room's feed begins with its first client and ends with its last."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from chat.rules.rooms import Room
from gateway.appsync import AppSync
from gateway.client import Client
from gateway.feed import Feed
from gateway.metrics import Metrics
from gateway.realtime import Realtime
from gateway.settings import Settings
from gateway.tail import Budget

log = logging.getLogger(__name__)

LINGER_S = 30.0
"""How long a room is heard after its last client went: whoever comes back at once finds its tail."""

AT_ONCE = 100
"""How many people are looked up at once when it is not known who lost access."""

LOOK_UP_SECONDS = 5.0
"""How long the others wait for that. Who was not looked up by then hears no more until they subscribe again."""


class Hub:
    """Feeds by room, clients by room."""

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
        self.budget = Budget(settings.tail_bytes)
        self._inside: dict[str, set[Client]] = {}
        """Who hears each room, or is about to."""
        self._endings: dict[str, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def enter(self, room: Room, client: Client) -> Feed:
        """The room's feed, which stays until the client leaves."""
        if ending := self._endings.pop(room.id, None):
            ending.cancel()
        self._inside.setdefault(room.id, set()).add(client)
        feed = self.feeds.get(room.id)
        if feed is None or feed.has_failed:
            feed = self.feeds[room.id] = Feed(
                room,
                self._appsync,
                self._realtime,
                self._token,
                self._settings,
                self._metrics,
                self,
                self.budget,
            )
        return feed

    def leave(self, room: Room, client: Client) -> None:
        inside = self._inside.get(room.id)
        if inside is None or client not in inside:
            return
        inside.remove(client)
        self.feeds[room.id].remove(client)
        if not inside:
            del self._inside[room.id]
            loop = asyncio.get_running_loop()
            self._endings[room.id] = loop.call_later(LINGER_S, self._end, room.id)

    def _end(self, room_id: str) -> None:
        del self._endings[room_id]
        self._spawn(self.feeds.pop(room_id).close())

    def parted(self, room: Room, user_id: str, epoch: int | None) -> None:
        """Somebody lost access: their connections hear no more of the room, but for those that came back since."""
        for client in self._heard_by(room):
            if client.user_id == user_id and (epoch is None or client.judged_in(room) < epoch):
                client.removed(room)

    def failed(self, room: Room) -> None:
        for client in self._heard_by(room):
            client.unheard(room)

    async def account(self, room: Room) -> None:
        """Everybody in the room here is looked up, with their own tokens, before anything of its new epoch is told."""
        turns = asyncio.Semaphore(AT_ONCE)

        async def look_up(client: Client) -> None:
            async with turns:
                await client.judge_again(room)

        looking = {asyncio.create_task(look_up(client)): client for client in self._heard_by(room)}
        try:
            if looking:
                await asyncio.wait(looking, timeout=LOOK_UP_SECONDS)
            for task, client in looking.items():
                if not task.done() or task.exception():
                    client.unheard(room)
        finally:
            for task in looking:
                task.cancel()

    def _heard_by(self, room: Room) -> list[Client]:
        """Those that come later are judged later."""
        feed = self.feeds.get(room.id)
        return [each for each in feed.audience if isinstance(each, Client)] if feed else []

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        for ending in self._endings.values():
            ending.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*(feed.close() for feed in self.feeds.values()))
        await asyncio.gather(*self._tasks, return_exceptions=True)
