"""Where a client's frames leave: uvicorn's WebSocket protocol, with its transport in hand.

A room's frame is encoded once and written to each client's transport as it is. Going through ASGI's `send` would encode it
for each again and cost a task's turn: half as much CPU on top (docs/gateway.md has the figures).
"""

import random
from collections.abc import Callable

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

EXTENSION = "chat.outlet"


class Outlet:
    """One client's transport. `write` never waits; a client that lets `limit` bytes pile up is reported as slow, once."""

    __slots__ = ("_limit", "_protocol", "on_slow", "write")

    def __init__(self, protocol: "GatewayProtocol", limit: int) -> None:
        self._protocol = protocol
        self._limit = limit
        self.write: Callable[[bytes], None] = protocol.transport.write
        self.on_slow: Callable[[], None] | None = None
        protocol.transport.set_write_buffer_limits(high=limit)

    def slow(self) -> None:
        report, self.on_slow = self.on_slow, None
        if report is not None:
            report()

    def abort(self) -> None:
        """Drop what waits and the connection with it."""
        if not self._protocol.disconnected:
            self._protocol.transport.abort()

    @property
    def waiting(self) -> int:
        """Bytes that wait for the client."""
        return self._protocol.transport.get_write_buffer_size()

    @property
    def is_closing(self) -> bool:
        return self._protocol.transport.is_closing()


class GatewayProtocol(WebSocketsSansIOProtocol):
    """uvicorn's own, which puts the outlet into the scope's extensions and spreads its pings."""

    outlet: Outlet | None = None
    max_buffer_bytes = 262_144

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.handshake_initiated and not self.handshake_complete:
            self.outlet = Outlet(self, self.max_buffer_bytes)
            self.scope["extensions"][EXTENSION] = self.outlet  # type: ignore[assignment]  # ASGI: any value

    def pause_writing(self) -> None:
        super().pause_writing()
        if self.outlet is not None:
            self.outlet.slow()

    def schedule_ping(self) -> None:
        """Pings to all at the same instant would make a bump for all: each waits a part of the interval of its own."""
        delay = (self.ping_interval or 0.0) * random.uniform(0.5, 1.0)  # noqa: S311  no secret
        self.ping_timer = self.loop.call_later(delay, self.send_keepalive_ping)
