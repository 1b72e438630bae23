"""The application: `/ws` and `/ws/rooms/{roomId}`, health, readiness and metrics."""

import asyncio
import logging
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp
from fastapi import FastAPI, Response, WebSocket
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from chat.errors import ChatError
from chat.jwks import KeysUnavailable
from chat.rate import Rate
from chat.rooms import Room
from chat.tokens import TokenRefused, TokenRules, verify_token
from gateway import frames
from gateway.appsync import AppSync, Realtime, ServiceToken
from gateway.breaker import Breaker
from gateway.client import Client, is_due
from gateway.connection import Close, CloseCode, Connection, Limits, Verify
from gateway.hub import Hub
from gateway.metrics import Metrics
from gateway.outlet import EXTENSION, Outlet
from gateway.settings import Settings, service_token
from gateway.timeline import Position

log = logging.getLogger("gateway")

VERSION = 1
STATE_SECONDS = 60.0
"""How often a line says how many are connected and how late they hear: what autoscaling goes by."""


class Gateway:
    """One process: its parts, its clients, and their pumping."""

    def __init__(self, settings: Settings, rules: TokenRules) -> None:
        self.settings, self.rules = settings, rules
        self.metrics = Metrics()
        self.clients: dict[int, Client] = {}
        self.breaker = Breaker()
        self.is_draining = False
        self._empty = asyncio.Event()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        connector = aiohttp.TCPConnector(limit=200)
        token = ServiceToken(lambda: service_token(self.settings))
        url = str(self.settings.appsync_url)
        async with aiohttp.ClientSession(connector=connector) as session:
            self.appsync = AppSync(url, session, self.breaker)
            self.realtime = Realtime(url, session, token, self.breaker)
            self.hub = Hub(self.appsync, self.realtime, token, self.settings, self.metrics)
            beating = asyncio.create_task(self._beat())
            try:
                yield
            finally:
                beating.cancel()
                await asyncio.gather(beating, return_exceptions=True)
                await self.hub.close()
                await self.realtime.close()

    async def serve(self, socket: WebSocket, path_room: str | None) -> None:
        """One connection, from its handshake to its end."""
        origin = socket.headers.get("origin")
        if self.is_draining or len(self.clients) >= self.settings.max_connections:
            await socket.close()  # before it was accepted: HTTP 403, and the client tries elsewhere
            return
        if origin is not None and origin not in self.settings.allowed_origins:
            await socket.close()
            return
        offered = socket.scope.get("subprotocols", [])
        await socket.accept(frames.SUBPROTOCOL if frames.SUBPROTOCOL in offered else None)
        outlet: Outlet = socket.scope["extensions"][EXTENSION]
        await _Pump(self, socket, outlet).run(path_room, _token(socket, offered))

    async def verify(self, token: str) -> Any:
        """The token's claims. Fetching keys may wait, so it is not done in the event loop. Raises `TokenRefused`, `KeysUnavailable`."""
        return await asyncio.to_thread(verify_token, token, self.rules)

    async def drain(self) -> None:
        """Tell every client to come back elsewhere, each after a while of its own, and close."""
        self.is_draining = True
        clients = list(self.clients.values())
        log.info("draining", extra={"connections": len(clients)})
        spread = self.settings.drain_seconds
        for client in clients:
            after = int(random.uniform(0, spread) * 1_000)  # noqa: S311  jitter
            client.reply(frames.encode("goingAway", reconnectAfterMs=after))
            client.shut(CloseCode.GOING_AWAY, "going away")
        self._empty.clear()
        if self.clients:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._empty.wait(), spread)

    async def _beat(self) -> None:
        """Once a second pass on what clients confirmed, each at most twice a minute; once a minute say how things stand."""
        said = 0.0
        while True:
            await asyncio.sleep(1.0)
            now = time.monotonic()
            if now - said >= STATE_SECONDS:
                said = now
                log.info("state", extra=self.metrics.state(len(self.clients), len(self.hub.feeds)))
            for client in list(self.clients.values()):
                if is_due(client, now):
                    client.beat_at = now
                    await client.beat()

    def add(self, client: Client) -> None:
        self.clients[id(client)] = client
        log.info("connection opened", extra={"connections": len(self.clients)})

    def forget(self, client: Client) -> None:
        del self.clients[id(client)]
        if not self.clients:
            self._empty.set()

    def observe(self) -> None:
        """Bring the gauges up to date."""
        self.metrics.connections.set(len(self.clients))
        self.metrics.rooms.set(len(self.hub.feeds))
        self.metrics.upstream_connections.set(self.realtime.connections)
        self.metrics.upstream_subscriptions.set(self.realtime.subscriptions)
        self.metrics.breaker.set(self.breaker.state != "closed")


class _Pump:
    """Between a socket and its connection's state."""

    def __init__(self, gateway: Gateway, socket: WebSocket, outlet: Outlet) -> None:
        self._gateway, self._socket, self._outlet = gateway, socket, outlet
        self._timer: asyncio.TimerHandle | None = None
        self._closing: asyncio.Task[None] | None = None
        self._code: int | None = None

    async def run(self, path_room: str | None, token: str | None) -> None:
        gateway, settings = self._gateway, self._gateway.settings
        limits = Limits(
            Rate(settings.frames_per_second, settings.frames_burst), settings.rooms_per_connection
        )
        started = time.monotonic()
        try:
            room = Room.parse(path_room) if path_room is not None else None
        except ChatError as refusal:
            await self._socket.close(CloseCode.NOT_ALLOWED, refusal.code)
            return
        since = _position(self._socket.query_params.get("since"))
        connection = Connection(room, since, limits, started)
        client = Client(
            connection, gateway.appsync, gateway.hub, gateway.metrics, self._outlet.write, self._close
        )
        self._outlet.on_slow = lambda: self._slow(client)
        gateway.add(client)
        try:
            self._watch(client)
            if token is not None:
                await self._carry_out(client, connection.credentials(token))
            await self._read(client)
        finally:
            connection.state = "closed"
            if self._timer:
                self._timer.cancel()
            client.leave_all()
            gateway.forget(client)
            seconds = round(time.monotonic() - started, 3)
            log.info("connection closed", extra={"code": self._code, "seconds": seconds})
            if self._closing is not None:
                await asyncio.gather(self._closing, return_exceptions=True)

    async def _read(self, client: Client) -> None:
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                self._code = self._code or message.get("code")
                return
            if client.connection.state == "closed":
                continue
            text = message.get("text")
            if text is None:
                await self._carry_out(client, client.connection.receive_binary())
            else:
                await self._carry_out(client, client.connection.receive_text(text, time.monotonic()))

    async def _carry_out(self, client: Client, actions: Any) -> None:
        rest = [action for action in actions if not isinstance(action, Verify)]
        for action in actions:
            if isinstance(action, Verify):
                await self._authenticate(client, action.token)
        await client.carry_out(rest)

    async def _authenticate(self, client: Client, token: str) -> None:
        try:
            claims = await self._gateway.verify(token)
        except (TokenRefused, KeysUnavailable):
            await client.carry_out(client.connection.token_refused())
            return
        client.verified(claims.user_id, token)
        now = time.monotonic()
        hello = frames.encode("hello", version=VERSION, user=claims.user_id, **self._settings())
        actions = client.connection.authenticated(hello, now + max(0.0, claims.expires_at - time.time()))
        self._watch(client)
        await client.carry_out(actions)

    def _settings(self) -> dict[str, Any]:
        own = self._gateway.settings
        return {
            "maxFrameBytes": own.max_frame_bytes,
            "framesPerSecond": own.frames_per_second,
            "maxRooms": own.rooms_per_connection,
            "resumeMessages": own.tail_messages,
            "deliveredEverySeconds": 30,
        }

    def _watch(self, client: Client) -> None:
        """Wake when the connection's deadline comes."""
        if self._timer is not None:
            self._timer.cancel()
        deadline = client.connection.deadline
        if deadline is not None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(max(0.0, deadline - time.monotonic()) + 0.01, self._tick, client)

    def _tick(self, client: Client) -> None:
        for action in client.connection.tick(time.monotonic()):
            if isinstance(action, Close):
                client.shut(action.code, action.reason)

    def _slow(self, client: Client) -> None:
        """What waits for a slow client is dropped with it; the close frame may not reach it, and it resumes all the same."""
        client.fell_behind()
        asyncio.get_running_loop().call_later(1.0, self._outlet.abort)

    def _close(self, code: CloseCode, reason: str) -> None:
        self._code = int(code)
        self._gateway.metrics.closes.labels(str(int(code))).inc()
        if self._closing is None:
            self._closing = asyncio.create_task(self._socket.close(code, reason))
            self._closing.add_done_callback(lambda done: done.cancelled() or done.exception())


def application(gateway: Gateway) -> FastAPI:
    """The routes."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with gateway.running():
            yield

    app = FastAPI(lifespan=lifespan, openapi_url=None)

    @app.websocket("/ws/rooms/{room_id}")
    async def room(socket: WebSocket, room_id: str) -> None:
        await gateway.serve(socket, room_id)

    @app.websocket("/ws")
    async def rooms(socket: WebSocket) -> None:
        await gateway.serve(socket, None)

    @app.get("/healthz")
    async def healthz() -> dict[str, int]:
        return {"connections": len(gateway.clients), "rooms": len(gateway.hub.feeds)}

    @app.get("/readyz")
    async def readyz(response: Response) -> dict[str, Any]:
        ready = not gateway.is_draining and gateway.breaker.state == "closed"
        response.status_code = 200 if ready else 503
        return {
            "ready": ready,
            "upstream": gateway.breaker.state,
            "connections": gateway.realtime.connections,
        }

    @app.get("/metrics")
    async def metrics() -> Response:
        gateway.observe()
        return Response(generate_latest(gateway.metrics.registry), media_type=CONTENT_TYPE_LATEST)

    return app


def _token(socket: WebSocket, offered: list[str]) -> str | None:
    """From the header, or an entry of the subprotocols; never from the address, which ends up in logs."""
    header = socket.headers.get("authorization")
    if header:
        return str(header)
    entries = [
        entry.removeprefix(frames.TOKEN_ENTRY) for entry in offered if entry.startswith(frames.TOKEN_ENTRY)
    ]
    return entries[0] if entries else None


def _position(text: str | None) -> Position | int | None:
    """`since` of the address. What cannot be read counts as absent: the client is told that nothing was resumed."""
    if text is None:
        return None
    try:
        return int(text) if text.isdecimal() and len(text) < 11 else Position.parse(text)
    except ValueError:
        return None
