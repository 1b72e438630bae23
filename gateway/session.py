"""One client's connection, between its socket and its state: what comes in, what is due, and what goes
out."""

import asyncio
import logging
import secrets
import time
from collections.abc import Sequence
from typing import Any

from fastapi import WebSocket

from chat.identity.jwks import KeysUnavailable
from chat.identity.tokens import TokenRefused
from chat.rules.rate import Rate
from chat.rules.rooms import Room
from gateway import server_frames
from gateway.admission import Arrival
from gateway.client import Client
from gateway.client_transport import ClientTransport
from gateway.connection import Action, CloseCode, Connection, Limits, Verify
from gateway.position import RoomPosition
from gateway.process import Gateway

log = logging.getLogger("gateway")

VERSION = 1
CLOSE_SECONDS = 11.0
"""How long a closing handshake may take. Who reads nothing would hold what waits for them for as long as
TCP tries."""

GOODBYE_SECONDS = 1.0
"""How long it may take for those who were never known: a silent one would not answer."""


class Session:
    """From the handshake to the end of the connection. `path_room`, `since`, `device_id`: the room of the
    address, where the client was in it, and on which device it runs."""

    def __init__(
        self,
        gateway: Gateway,
        socket: WebSocket,
        transport: ClientTransport,
        arrival: Arrival,
        path_room: Room | None,
        since: RoomPosition | int | None,
        device_id: str | None,
    ) -> None:
        self._gateway, self._socket, self._transport = gateway, socket, transport
        own = gateway.settings
        frames = Rate(own.frames_per_second, own.frames_burst)
        limits = Limits(frames, own.rooms_per_connection, own.handshake_seconds)
        self._arrival = arrival
        self._connection = Connection(path_room, since, limits, arrival.since)
        self._client = Client(self._connection, gateway.appsync, gateway.metrics, transport, self._close)
        self._client.name_device(device_id)
        self._timer: asyncio.TimerHandle | None = None
        self._closing: asyncio.Task[None] | None = None
        self._code: int | None = None
        self._said_goodbye = False

    async def run(self, token: str | None) -> None:
        """`token`: from the handshake, if it was there."""
        gateway, client, started = self._gateway, self._client, time.monotonic()
        self._transport.on_slow = self._slow
        self._transport.on_lost = lambda: gateway.hub.leave_all(client)
        gateway.clients.add(client)
        about = {"connection": secrets.token_hex(8)}
        log.info("connection opened", extra={**about, "connections": len(gateway.clients)})
        try:
            self._watch_deadline()
            if token is not None:
                await self._carry_out(self._connection.credentials(token))
            await self._read()
        finally:
            self._connection.state = "closed"
            if self._timer:
                self._timer.cancel()
            gateway.hub.leave_all(client)
            gateway.forget(client, said_goodbye=self._said_goodbye)
            seconds = round(time.monotonic() - started, 3)
            log.info("connection closed", extra={**about, "code": self._code, "seconds": seconds})
            asyncio.get_running_loop().call_later(CLOSE_SECONDS, self._transport.abort)
            if self._closing is not None:
                await asyncio.gather(self._closing, return_exceptions=True)

    async def _read(self) -> None:
        connection = self._connection
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                # A reason, empty or not, is what uvicorn passes on of a close frame; a lost connection has none.
                self._said_goodbye = self._code is None and "reason" in message
                self._code = self._code or message.get("code")
                return
            if connection.state == "closed":
                continue
            text = message.get("text")
            if text is None:
                await self._carry_out(connection.receive_binary())
            else:
                await self._carry_out(connection.receive_text(text, time.monotonic()))

    async def _carry_out(self, actions: Sequence[Action]) -> None:
        rest = [action for action in actions if not isinstance(action, Verify)]
        for action in actions:
            if isinstance(action, Verify):
                await self._authenticate(action)
        await self._gateway.hub.carry_out(self._client, rest)

    async def _authenticate(self, verify: Verify) -> None:
        gateway, client, connection = self._gateway, self._client, self._connection
        token = verify.token
        self._arrival.verifying()
        try:
            person = await gateway.tokens.verify(token)
        except TokenRefused:
            client.apply(connection.token_refused())
            return
        except KeysUnavailable:
            client.apply(connection.keys_unavailable())
            return
        lives_s = max(0.0, person.expires_at - time.time())
        expires = time.monotonic() + lives_s
        if client.user_id:
            if person.user_id == client.user_id:
                client.authenticated(client.user_id, person.token)
                client.apply(connection.renewed(client.user_id, expires, int(lives_s * 1_000)))
            else:
                client.apply(connection.token_refused())
            self._watch_deadline()
            return
        if not gateway.has_room_for(person.user_id):
            client.apply(connection.too_many_connections())
            return
        if gateway.is_full:
            client.apply(connection.full())
            return
        self._arrival.known()
        client.name_device(verify.device_id)
        client.authenticated(person.user_id, person.token)
        gateway.remember(client)
        hello = server_frames.encode("hello", version=VERSION, user=person.user_id, **self._settings())
        actions = connection.authenticated(hello, expires)
        self._watch_deadline()
        await gateway.hub.carry_out(client, actions)
        gateway.listen_for(client)

    def _settings(self) -> dict[str, Any]:
        own = self._gateway.settings
        return {
            "maxFrameBytes": own.max_frame_bytes,
            "framesPerSecond": own.frames_per_second,
            "maxRooms": own.rooms_per_connection,
            "resumeMessages": own.replay_events,
            "deliveredEverySeconds": own.heartbeat_seconds,
        }

    def _watch_deadline(self) -> None:
        """Wake when the connection's deadline comes."""
        if self._timer is not None:
            self._timer.cancel()
        deadline = self._connection.deadline
        if deadline is not None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(max(0.0, deadline - time.monotonic()) + 0.01, self._tick)

    def _tick(self) -> None:
        self._client.apply(self._connection.tick(time.monotonic()))

    def _slow(self) -> None:
        """What waits for a slow client is dropped with it; the close frame may not reach it, and it
        resumes all the same."""
        self._client.apply(self._connection.fell_behind())
        asyncio.get_running_loop().call_later(1.0, self._transport.abort)

    def _close(self, code: CloseCode, reason: str) -> None:
        self._gateway.hub.leave_all(self._client)
        self._code = int(code)
        self._gateway.metrics.closes.labels(str(int(code))).inc()
        if code == CloseCode.TOKEN_REFUSED:
            self._gateway.metrics.turned_away(int(code))
        if self._arrival.state != "known":
            asyncio.get_running_loop().call_later(GOODBYE_SECONDS, self._transport.abort)
        if self._closing is None:
            self._closing = asyncio.create_task(self._socket.close(code, reason))
            self._closing.add_done_callback(lambda done: done.cancelled() or done.exception())
