"""Between one socket and its connection's state: what comes in, what is due, and what goes out."""

import asyncio
import logging
import secrets
import time
from typing import Any

from fastapi import WebSocket

from chat.identity.jwks import KeysUnavailable
from chat.identity.tokens import TokenRefused
from chat.rules.errors import ChatError
from chat.rules.rate import Rate
from chat.rules.rooms import Room
from gateway import frames
from gateway.client import Client
from gateway.connection import Close, CloseCode, Connection, Limits, Verify
from gateway.outlet import Outlet
from gateway.process import Gateway
from gateway.tail import Position

log = logging.getLogger("gateway")

VERSION = 1
LINGER_SECONDS = 11.0
"""How long a closing handshake may take. Who takes nothing would hold what waits for them for as long as TCP tries."""


class Pump:
    """One connection, from its handshake to its end."""

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
        client = Client(connection, gateway.appsync, gateway.hub, gateway.metrics, self._outlet, self._close)
        self._outlet.on_slow = lambda: self._slow(client)
        self._outlet.on_lost = client.lost
        gateway.clients.add(client)
        about = {"connection": secrets.token_hex(8)}
        log.info("connection opened", extra={**about, "connections": len(gateway.clients)})
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
            log.info("connection closed", extra={**about, "code": self._code, "seconds": seconds})
            asyncio.get_running_loop().call_later(LINGER_SECONDS, self._outlet.abort)
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
        except TokenRefused:
            await client.carry_out(client.connection.token_refused())
            return
        except KeysUnavailable:
            await client.carry_out(client.connection.keys_unavailable())
            return
        if not self._gateway.has_room_for(claims.user_id):
            await client.carry_out(client.connection.too_many_connections())
            return
        self._gateway.users[claims.user_id] += 1
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


def _position(text: str | None) -> Position | int | None:
    """`since` of the address. What cannot be read counts as absent: the client is told that nothing was resumed."""
    if text is None:
        return None
    try:
        return int(text) if text.isdecimal() and len(text) < 11 else Position.parse(text)
    except ValueError:
        return None
