"""The load client: many plain WebSocket clients in one process, as light as Python allows.

Each connection is a bare asyncio protocol. A thousand clients of a room are sent the same bytes, so what was
taken apart for one is known for all who got exactly the same; whether it is in order, lost or a duplicate is
counted for each.
"""

import asyncio
import json
import random
import socket
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import cast

from bench.gateway.deliveries import Deliveries, Inbox
from bench.gateway.wire import CLOSE, PING, TEXT, Chunk, Message, Other, client_frame, handshake, take_apart

HEAD_END = b"\r\n\r\n"
AT = b'"at":"'
NARROW_BYTES, NARROW_SEGMENT = 4_096, 1_448
"""Of clients that are to be slow: loopback's segments of 64 KiB make the kernel hold megabytes for each
before anybody notices; with Ethernet's it holds less than 100 KiB, as it would for a client far away."""


@dataclass(frozen=True)
class Address:
    """Where clients connect, what they send, and how they know that they are ready (at once, without
    `ready_mark`)."""

    port: int
    path: str = "/"
    headers: str = ""
    ready_mark: bytes = b""
    on_text: "Callable[[LoadClient, bytes], None] | None" = None


class LoadClient(asyncio.Protocol):
    """One client, through all its connections."""

    def __init__(self, crowd: "Crowd", headers: str = "", *, is_narrow: bool = False) -> None:
        self._crowd, self._headers, self.is_narrow = crowd, headers, is_narrow
        self.inbox = Inbox()
        self.transport: asyncio.Transport | None = None
        self.is_ready = False
        self.wait_s = 0.0
        """How long the server asked to wait before coming back."""
        self._last = b""
        self._buffer = b""
        self._is_open = False

    @property
    def at(self) -> str:
        """The room's position, by the last frame that had one."""
        start = self._last.rfind(AT)
        return (
            self._last[start + len(AT) : self._last.find(b'"', start + len(AT))].decode()
            if start >= 0
            else ""
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self._buffer, self._is_open, self.is_ready = b"", False, False
        address = self._crowd.address
        since = f"?since={self.at}" if self.at else ""
        self.transport.write(handshake(address.path + since, address.headers + self._headers))

    def data_received(self, data: bytes) -> None:
        if not self._buffer and self._is_open and data == self._crowd.known:
            self._last = data
            self._crowd.messages(self, self._crowd.known_messages)
            return
        if self._buffer:
            data = self._buffer + data
            self._buffer = b""
        if not self._is_open:
            end = data.find(HEAD_END)
            if end < 0:
                self._buffer = data
                return
            if not data.startswith(b"HTTP/1.1 101"):
                self._crowd.refused(self, data[:80])
                return
            self._is_open = True
            data = data[end + 4 :]
            self._crowd.opened(self)
        self._read(take_apart(data))

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        self._crowd.lost(self)

    def send(self, text: str) -> None:
        self._write(client_frame(text.encode()))

    def stop_reading(self) -> None:
        if self.transport is not None:
            self.transport.pause_reading()

    def resume_reading(self) -> None:
        if self.transport is not None:
            self.transport.resume_reading()

    def abort(self) -> None:
        if self.transport is not None:
            self.transport.abort()

    def _write(self, data: bytes) -> None:
        if self.transport is not None:
            self.transport.write(data)

    def _read(self, chunk: Chunk) -> None:
        self._buffer = chunk.rest
        if AT in chunk.whole:
            self._last = chunk.whole
        if messages := chunk.messages:
            self._crowd.known, self._crowd.known_messages = chunk.whole, messages
            self._crowd.messages(self, messages)
            return
        for frame in chunk.frames:
            if isinstance(frame, Message):
                self._crowd.messages(self, (frame,))
            elif frame.opcode == PING:
                self._write(client_frame(frame.payload, 10))
            else:
                self._crowd.other(self, frame)


class Crowd:
    """Clients of one room. With `returns_s` a client whose connection ended comes back within so long,
    from where it was. `headers`: what each sends besides those of the address, if they are not one person."""

    def __init__(
        self, address: Address, now: Callable[[], int] = time.monotonic_ns, headers: Sequence[str] = ()
    ) -> None:
        self.address = address
        self._headers = headers
        self.deliveries = Deliveries()
        self.members: list[LoadClient] = []
        self.ready = 0
        self.returns_s: float | None = None
        self.known = b""
        self.known_messages: tuple[Message, ...] = ()
        """What came last, of messages and nothing else, and what it was taken apart into."""
        self._now = now
        self._refusal: bytes | None = None
        self._is_leaving = False
        self._returning: set[asyncio.Task[None]] = set()

    def opened(self, client: LoadClient) -> None:
        if not self.address.ready_mark:
            self._became_ready(client)

    def other(self, client: LoadClient, frame: Other) -> None:
        if frame.opcode == CLOSE:
            self.deliveries.closes[int.from_bytes(frame.payload[:2], "big")] += 1
        if frame.opcode != TEXT:
            return
        text = frame.payload
        if self.address.ready_mark and not client.is_ready and self.address.ready_mark in text:
            self._became_ready(client)
        elif text.startswith(b'{"type":"reset"'):
            self.deliveries.resets += 1
        elif text.startswith(b'{"type":"goingAway"'):
            client.wait_s = json.loads(text)["reconnectAfterMs"] / 1e3
        if self.address.on_text is not None:
            self.address.on_text(client, text)

    def messages(self, client: LoadClient, messages: tuple[Message, ...]) -> None:
        self.deliveries.messages(client.inbox, messages, self._now(), is_replay=not client.is_ready)

    def refused(self, client: LoadClient, head: bytes) -> None:
        if self.returns_s is None:
            self._refusal = head
        client.abort()

    def lost(self, client: LoadClient) -> None:
        self.ready -= client.is_ready
        client.is_ready = False
        if self._is_leaving:
            return
        self.deliveries.losses += 1
        if self.returns_s is not None:
            task = asyncio.create_task(self._return(client, self.returns_s))
            self._returning.add(task)
            task.add_done_callback(self._returning.discard)

    async def join(self, count: int, at_once: int = 100, *, is_narrow: bool = False) -> None:
        """Open `count` connections, `at_once` at a time, and wait until all are ready."""
        for begun in range(0, count, at_once):
            numbers = range(len(self.members), len(self.members) + min(at_once, count - begun))
            own = [self._headers[number] if self._headers else "" for number in numbers]
            new = [LoadClient(self, headers, is_narrow=is_narrow) for headers in own]
            self.members += new
            await self.connect(new)

    async def connect(self, clients: Iterable[LoadClient]) -> None:
        """All at once, each from where it was."""
        await asyncio.gather(*(self._connect(each) for each in clients))
        await self.until(lambda: self.ready >= len(self.members))

    async def until(self, condition: Callable[[], bool], seconds: float = 60.0) -> None:
        """Raises `TimeoutError`, and `RuntimeError` when the server refused somebody."""
        async with asyncio.timeout(seconds):
            while not condition():
                if self._refusal is not None:
                    raise RuntimeError(f"the server refused: {self._refusal!r}")
                await asyncio.sleep(0.01)

    async def received(self, count: int, seconds: float = 15.0) -> int:
        """Wait until so many were received, or for so long; how many are missing."""
        with suppress(TimeoutError):
            await self.until(lambda: self.deliveries.received >= count, seconds)
        return count - self.deliveries.received

    async def disconnect(self) -> None:
        """End all connections; the people stay, and may `connect` again."""
        self._is_leaving = True
        for task in self._returning:
            task.cancel()
        for member in self.members:
            member.abort()
        await self.until(lambda: all(member.transport is None for member in self.members))
        self._is_leaving = False

    async def leave(self) -> None:
        await self.disconnect()
        self.members.clear()

    def _became_ready(self, client: LoadClient) -> None:
        client.is_ready = True
        self.ready += 1

    async def _connect(self, client: LoadClient) -> None:
        loop = asyncio.get_running_loop()
        connection = socket.socket()
        connection.setblocking(False)
        if client.is_narrow:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, NARROW_BYTES)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, NARROW_SEGMENT)
        try:
            await loop.sock_connect(connection, ("127.0.0.1", self.address.port))
            await loop.create_connection(lambda: client, sock=connection)
        except OSError:
            connection.close()
            raise

    async def _return(self, client: LoadClient, within: float) -> None:
        while True:
            wait, client.wait_s = client.wait_s, 0.0
            await asyncio.sleep(wait or random.uniform(0, within))  # noqa: S311  jitter
            with suppress(OSError):
                await self._connect(client)
                return
