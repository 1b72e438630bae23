"""Where a client's frames leave: the transport below its WebSocket.

A room's frame is encoded once and written to each client's transport as it is. Going through ASGI's `send`
would encode it for each again and cost a task's turn: half as much CPU on top (docs/gateway.md has the
figures).
"""

import asyncio
from collections.abc import Callable, Iterable

WRITE_TIMEOUT_SECONDS = 10.0
"""How long a client that is given what it missed may take for each portion."""


def discard(_frame: bytes) -> None:
    """Where frames go for a client that is gone."""


class ClientTransport:
    """`write` never waits; a client that lets `limit` bytes pile up is reported as slow, once, and one that
    is gone as lost.

    `writable` is set unless so much waits. `forget_handshake` drops what the handshake left in memory.
    """

    __slots__ = (
        "_is_lost",
        "_paced_writes",
        "_timeout_s",
        "_transport",
        "_writable",
        "forget_handshake",
        "on_lost",
        "on_slow",
        "write",
    )

    def __init__(
        self,
        transport: asyncio.Transport,
        writable: asyncio.Event,
        limit: int,
        forget_handshake: Callable[[], None],
        timeout_s: float = WRITE_TIMEOUT_SECONDS,
    ) -> None:
        self._transport, self._writable, self._timeout_s = transport, writable, timeout_s
        self._is_lost = False
        self._paced_writes = 0
        self.forget_handshake = forget_handshake
        self.write: Callable[[bytes], None] = transport.write
        self.on_slow: Callable[[], None] | None = None
        self.on_lost: Callable[[], None] | None = None
        transport.set_write_buffer_limits(high=limit)

    async def write_paced(self, frames: Iterable[bytes]) -> bool:
        """Write many frames, no faster than the client takes them; whether it took them in time."""
        writable = self._writable
        self._paced_writes += 1
        try:
            for frame in frames:
                self.write(frame)
                if not writable.is_set():
                    async with asyncio.timeout(self._timeout_s):
                        await writable.wait()
        except TimeoutError:
            return False
        finally:
            self._paced_writes -= 1
            if not writable.is_set():
                self.slow()
        return True

    def lost(self) -> None:
        """Nothing more can be written: where asyncio's own transports say nothing, uvloop's raise."""
        self._is_lost = True
        self.write = discard
        report, self.on_lost = self.on_lost, None
        if report is not None:
            report()

    def slow(self) -> None:
        """`limit` bytes wait for the client. That is as it should be while they are written at its own
        pace."""
        if self._paced_writes:
            return
        report, self.on_slow = self.on_slow, None
        if report is not None:
            report()

    def abort(self) -> None:
        """Drop what waits and the connection with it."""
        if not self._is_lost:
            self._transport.abort()
