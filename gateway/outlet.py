"""Where a client's frames leave: uvicorn's WebSocket protocol, with its transport in hand.

A room's frame is encoded once and written to each client's transport as it is. Going through ASGI's `send` would encode it
for each again and cost a task's turn: half as much CPU on top (docs/gateway.md has the figures).
"""

import asyncio
import random
import time
from collections.abc import Callable, Iterable

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.datastructures import Headers
from websockets.frames import Frame
from websockets.http11 import Request

from chat.rules.rate import Rate
from gateway.audience import nowhere

EXTENSION = "chat.outlet"

SLICE_BYTES = 16_384
"""What is parsed at once of what a client sent: thousands of tiny frames in one read would hold up everybody."""

CONTROL = Rate(10.0, 100)
"""Pings, pongs and parts of messages that a client may send, which are not frames of the protocol."""

PATIENCE_SECONDS = 10.0
"""How long a client that is given what it missed may take for each portion."""


class Outlet:
    """One client's transport. `write` never waits; a client that lets `limit` bytes pile up is reported as slow, once, and one that
    is gone as lost."""

    __slots__ = ("_patience_s", "_pouring", "_protocol", "on_lost", "on_slow", "write")

    def __init__(self, protocol: "GatewayProtocol", limit: int, patience_s: float = PATIENCE_SECONDS) -> None:
        self._protocol = protocol
        self._patience_s = patience_s
        self._pouring = 0
        self.write: Callable[[bytes], None] = protocol.transport.write
        self.on_slow: Callable[[], None] | None = None
        self.on_lost: Callable[[], None] | None = None
        protocol.transport.set_write_buffer_limits(high=limit)

    def forget_handshake(self) -> None:
        """Its headers are not needed any more, and are a good part of what an idle connection takes."""
        empty = Headers()
        self._protocol.request.headers = self._protocol.response.headers = empty

    async def pour(self, frames: Iterable[bytes]) -> bool:
        """Write many frames, no faster than the client takes them; whether it took them in time."""
        writable = self._protocol.writable
        self._pouring += 1
        try:
            for frame in frames:
                self.write(frame)
                if not writable.is_set():
                    await asyncio.wait_for(writable.wait(), self._patience_s)
        except TimeoutError:
            return False
        finally:
            self._pouring -= 1
            if not writable.is_set():
                self.slow()
        return True

    def lost(self) -> None:
        """Nothing more can be written: where asyncio's own transports say nothing, uvloop's raise."""
        self.write = nowhere
        report, self.on_lost = self.on_lost, None
        if report is not None:
            report()

    def slow(self) -> None:
        if self._pouring:
            return
        report, self.on_slow = self.on_slow, None
        if report is not None:
            report()

    def abort(self) -> None:
        """Drop what waits and the connection with it."""
        if not self._protocol.disconnected:
            self._protocol.transport.abort()


class GatewayProtocol(WebSocketsSansIOProtocol):
    """uvicorn's own, which puts the outlet into the scope's extensions, limits what is not a frame of ours, and spreads its pings."""

    outlet: Outlet | None = None
    max_buffer_bytes = 262_144
    control_tat = 0

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self.outlet is not None:
            self.outlet.lost()

    def data_received(self, data: bytes) -> None:
        for start in range(0, len(data), SLICE_BYTES):
            if self.transport.is_closing():
                return
            super().data_received(data[start : start + SLICE_BYTES])

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
        at = time.monotonic_ns() // 1_000
        if CONTROL.wait(self.control_tat, at):
            self.transport.abort()
        else:
            self.control_tat = CONTROL.taken(self.control_tat, at)

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.handshake_initiated and not self.handshake_complete:
            self.outlet = Outlet(self, self.max_buffer_bytes)
            self.scope["extensions"][EXTENSION] = self.outlet  # type: ignore[assignment]  # ASGI: any value

    def pause_writing(self) -> None:
        super().pause_writing()
        if self.outlet is not None:
            self.outlet.slow()

    def keepalive_timeout(self) -> None:
        """Whoever does not answer takes nothing either: what waits for them would keep the connection for as long as TCP tries.
        While their frames are still to be carried out, their answer may be among what is not read yet."""
        if self.read_paused:
            self.pong_timer = None
            self.schedule_ping()
            return
        super().keepalive_timeout()
        if self.outlet is not None:
            self.loop.call_later(1.0, self.outlet.abort)

    def schedule_ping(self) -> None:
        """Pings to all at the same instant would make a bump for all: each waits a part of the interval of its own."""
        delay = (self.ping_interval or 0.0) * random.uniform(0.75, 1.0)  # noqa: S311  no secret
        self.ping_timer = self.loop.call_later(delay, self.send_keepalive_ping)
