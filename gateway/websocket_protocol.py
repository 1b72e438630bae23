"""uvicorn's WebSocket protocol, with what a gateway needs beside it. With `gateway/http_protocol.py` it is
all that touches uvicorn's insides; tests/gateway/test_websocket_protocol.py names each attribute that this one relies on."""

import random
import time

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.datastructures import Headers
from websockets.frames import Frame
from websockets.http11 import Request

from chat.rules.rate import Rate
from gateway.admission import ARRIVAL
from gateway.client_transport import ClientTransport

EXTENSION = "chat.transport"
"""The name in ASGI's `scope["extensions"]` under which the application finds its client's transport."""

SLICE_BYTES = 16_384
"""What is parsed at once of what a client sent: thousands of tiny frames in one read would hold up
everybody."""

BAD_HANDSHAKE = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"

CONTROL_FRAMES = Rate(10.0, 100)
"""Pings, pongs and parts of messages that a client may send, which are not frames of the gateway's
protocol."""


class GatewayProtocol(WebSocketsSansIOProtocol):
    """Puts the client's transport into the scope, limits what is not a frame of ours, and spreads its
    pings."""

    client_transport: ClientTransport | None = None
    max_buffer_bytes = 262_144
    control_tat = 0

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self.client_transport is not None:
            self.client_transport.lost()
        if arrival := self.app_state.get(ARRIVAL):
            arrival.left()

    def data_received(self, data: bytes) -> None:
        for start in range(0, len(data), SLICE_BYTES):
            if self.transport.is_closing():
                return
            super().data_received(data[start : start + SLICE_BYTES])
            if self.conn.handshake_exc is not None and not self.handshake_initiated:
                # Read as HTTP, and not as a handshake: more than 128 headers, say. uvicorn would never answer.
                self.transport.write(BAD_HANDSHAKE)
                self.transport.close()

    def handle_ping(self) -> None:
        super().handle_ping()
        self._charge()

    def handle_pong(self, event: Frame) -> None:
        super().handle_pong(event)
        self._charge()

    def handle_cont(self, event: Frame) -> None:
        super().handle_cont(event)
        self._charge()

    def _charge(self) -> None:
        now_us = time.monotonic_ns() // 1_000
        if CONTROL_FRAMES.wait(self.control_tat, now_us):
            self.transport.abort()
        else:
            self.control_tat = CONTROL_FRAMES.taken(self.control_tat, now_us)

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.handshake_initiated and not self.handshake_complete:
            self.client_transport = ClientTransport(
                self.transport, self.writable, self.max_buffer_bytes, self._forget_handshake
            )
            self.scope["extensions"][EXTENSION] = self.client_transport  # type: ignore[assignment]  # ASGI: any value

    def _forget_handshake(self) -> None:
        """Its headers are not needed any more, and are a good part of what an idle connection takes."""
        empty = Headers()
        self.request.headers = self.response.headers = empty

    def pause_writing(self) -> None:
        super().pause_writing()
        if self.client_transport is not None:
            self.client_transport.slow()

    def keepalive_timeout(self) -> None:
        """Whoever does not answer takes nothing either: what waits for them would keep the connection for
        as long as TCP tries. While their frames are still to be carried out, their answer may be among
        what is not read yet."""
        if self.read_paused:
            self.pong_timer = None
            self.schedule_ping()
            return
        super().keepalive_timeout()
        if self.client_transport is not None:
            self.loop.call_later(1.0, self.client_transport.abort)

    def schedule_ping(self) -> None:
        """Pings to all at the same instant would load the process for all: each waits a part of the
        interval of its own."""
        delay = (self.ping_interval or 0.0) * random.uniform(0.75, 1.0)  # noqa: S311  no secret
        self.ping_timer = self.loop.call_later(delay, self.send_keepalive_ping)
