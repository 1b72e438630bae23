"""One gateway process: its parts, its clients, and how it ends."""

import asyncio
import logging
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

import aiohttp

from chat.rules.rooms import Room
from gateway import documents, server_frames
from gateway.administration import Administration
from gateway.admission import Admission, AdmissionLimits
from gateway.appsync import AppSync
from gateway.authorization import ServiceAuthorization, ServiceToken
from gateway.breaker import Breaker
from gateway.client import Client
from gateway.connection import CloseCode
from gateway.documents import Document
from gateway.feed import Feed
from gateway.heartbeats import Heartbeats
from gateway.hub import Hub
from gateway.metrics import Metrics, embedded
from gateway.person_tokens import PersonTokens
from gateway.personal_events import PersonalEvents
from gateway.realtime import Realtime, Subscription
from gateway.replay_buffer import MemoryBudget
from gateway.service import Service
from gateway.settings import Settings, service_token

log = logging.getLogger("gateway")

_Key = TypeVar("_Key")

STATE_SECONDS = 60.0
"""How often a line says how things stand: what autoscaling and alarms go by."""


class Gateway:
    """Made before it runs: `appsync`, `realtime` and `hub` are there while it is `running`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.tokens = PersonTokens(settings.sources, settings.token_marker)
        self.metrics = Metrics()
        self.admission = Admission(
            AdmissionLimits(
                settings.max_unauthenticated,
                settings.unauthenticated_per_address,
                settings.connections_per_address,
                settings.handshake_seconds,
            ),
            self.metrics.displaced.inc,
        )
        self.clients: set[Client] = set()
        self.users: Counter[str] = Counter()
        """How many connections each person has."""
        self.devices: Counter[tuple[str, str]] = Counter()
        """How many connections each device of a person has."""
        self._gone: list[Client] = []
        """Whose devices are to be signed off."""
        self.replay_memory = MemoryBudget(settings.replay_bytes)
        self.breaker = Breaker()
        self.authorization = _authorization(settings)
        self.is_draining = False
        self._empty = asyncio.Event()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        url, prefix = str(self.settings.appsync_url), self.settings.schema_prefix
        # Connections of their own: a realtime one lasts, and would keep a place that requests wait for.
        administration = Administration(self).listening(self.settings.admin_socket)
        async with _http() as requests, _http() as realtime, administration:
            self.appsync = AppSync(url, requests, self.breaker, prefix)
            self.realtime = Realtime(url, realtime, self.authorization, self.breaker, prefix)
            self.service = Service(self.authorization, self.appsync)
            self.hub = Hub(self._new_feed, self.metrics)
            self.heartbeats = Heartbeats(self._say, self.metrics, self.settings.heartbeat_seconds)
            self.mine = PersonalEvents(self._hear, self.metrics)
            tasks = [asyncio.create_task(each) for each in (self._send_heartbeats(), self.service.watch())]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                await self.mine.close()
                await self.hub.close()
                await self.realtime.close()
                self.tokens.close()

    async def _say(self, document: Document, people: Sequence[dict[str, Any]]) -> Any:
        """In the service's name; that the API does not take this says nothing of rooms."""
        return await self.appsync.ask(document, {"people": people}, self.authorization)

    async def _hear(self, subscription: Subscription, variables: Mapping[str, Any]) -> None:
        """Subscribe to what happens to a person; the same."""
        await self.realtime.subscribe(subscription, documents.ON_MINE, variables)

    def _new_feed(self, room: Room) -> Feed:
        return Feed(room, self.service, self.realtime, self.settings, self.metrics, self.replay_memory)

    async def drain(self) -> None:
        """Tell every client to come back elsewhere, each after a while of its own, and close."""
        self.is_draining = True
        clients = list(self.clients)
        log.info("draining", extra={"connections": len(clients)})
        spread = self.settings.drain_seconds
        for client in clients:
            after = int(random.uniform(0, spread) * 1_000)  # noqa: S311  jitter
            client.reply(server_frames.encode("goingAway", reconnectAfterMs=after))
            client.close(CloseCode.GOING_AWAY, "going away")
        self._empty.clear()
        if self.clients:
            with suppress(TimeoutError):
                async with asyncio.timeout(spread):
                    await self._empty.wait()

    async def _send_heartbeats(self) -> None:
        """Once a second pass on what clients have, each about twice a minute, and which devices have gone; once a
        minute log how things stand."""
        logged_at = 0.0
        while True:
            await asyncio.sleep(1.0)
            if time.monotonic() - logged_at >= STATE_SECONDS:
                logged_at = time.monotonic()
                log.info("state", extra={**self.state(), "unready": self.unready})
            gone, self._gone = self._gone, []
            leaving = [client for client in gone if (client.user_id, client.device_id) not in self.devices]
            await self.heartbeats.pass_on(self.clients, leaving)

    def state(self) -> dict[str, Any]:
        """The fields of the line that says how things stand: metrics of the last minute."""
        numbers = self.metrics.state(
            len(self.clients),
            len(self.hub.rooms),
            is_breaker_open=self.breaker.state != "closed",
            has_fault=self.service.fault is not None,
        )
        return embedded(numbers, self.settings.deployment_name, time.time_ns() // 1_000_000)

    @property
    def unready(self) -> str | None:
        """Why clients are not taken, or their rooms cannot be received, in a word: `draining`, `upstream` (the
        API cannot be reached), or a fault of the service (`gateway/service.py`). `None`: they are, and can."""
        if self.is_draining:
            return "draining"
        return "upstream" if self.breaker.state != "closed" else self.service.fault

    @property
    def is_full(self) -> bool:
        """Whether nobody else is taken: they are to try elsewhere."""
        return self.is_draining or self.admission.known >= self.settings.max_connections

    def has_room_for(self, user_id: str) -> bool:
        return self.users[user_id] < self.settings.connections_per_user

    def remember(self, client: Client) -> None:
        """Count a client whose person is known now."""
        self.users[client.user_id] += 1
        self.devices[client.user_id, client.device_id] += 1

    def listen_for(self, client: Client) -> None:
        """Tell the client what happens to its person, from now on."""
        if self.settings.personal_events:
            self.mine.enter(client)

    def forget(self, client: Client, *, said_goodbye: bool) -> None:
        """The client's connection has ended, by a close frame of its own or otherwise. Its device is signed
        off, unless it may have come back elsewhere already: a connection can be lost for long before this
        process knows it. Then it expires by itself."""
        self.clients.remove(client)
        if client.user_id:
            self.mine.leave(client)
            _count_down(self.users, client.user_id)
            _count_down(self.devices, (client.user_id, client.device_id))
            may_be_back = client.is_named and not said_goodbye
            if client.is_seen(time.monotonic()) and not self.is_draining and not may_be_back:
                self._gone.append(client)
        if not self.clients:
            self._empty.set()

    def observe(self) -> None:
        """Bring the gauges up to date."""
        self.metrics.connections.set(len(self.clients))
        self.metrics.unauthenticated.set(self.admission.waiting)
        self.metrics.rooms.set(len(self.hub.rooms))
        self.metrics.upstream_connections.set(self.realtime.connections)
        self.metrics.upstream_subscriptions.set(self.realtime.subscriptions)
        self.metrics.personal_subscriptions.set(self.mine.live)
        self.metrics.heartbeats_alone.set(self.heartbeats.are_alone)
        self.metrics.breaker.set(self.breaker.state != "closed")
        self.metrics.service_fault.set(self.service.fault is not None)


def _count_down(counter: Counter[_Key], key: _Key) -> None:
    counter[key] -= 1
    if not counter[key]:
        del counter[key]


def _authorization(settings: Settings) -> ServiceAuthorization:
    """The service's own, as the settings want it."""
    if settings.service_auth == "token":
        return ServiceToken(lambda: service_token(settings))
    from gateway.signature import RoleCredentials, SignedByRole  # noqa: PLC0415  botocore is for this alone

    return SignedByRole(RoleCredentials(), settings.region or "")


def _http() -> aiohttp.ClientSession:
    """Without a limit of its own: `AppSync` and `Realtime` keep theirs."""
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
