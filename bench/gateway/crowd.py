"""The load client: many plain WebSocket clients in one process, as light as Python allows.

Each connection is a bare asyncio protocol. A thousand clients of a room are sent the same bytes, so what was taken apart for one
is known for all who got exactly the same; whether it is in order, lost or there twice is judged for each.
"""

import asyncio
import json
import random
import socket
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import cast

from bench.gateway.tally import Inbox, Tally
from bench.gateway.wire import CLOSE, PING, TEXT, Chunk, Message, Other, client_frame, handshake, take_apart

HEAD_END = b"\r\n\r\n"
AT = b'"at":"'
NARROW_BYTES, NARROW_SEGMENT = 4_096, 1_448
"""Of clients that are to be slow: loopback's segments of 64 KiB make the kernel hold megabytes for each before anybody notices;
with Ethernet's it holds less than 100 KiB, as it would for a client far away."""


@dataclass(frozen=True)
class Address:
    """Where clients connect, what they say, and how they know that they are ready (at once, without `ready_mark`)."""

    port: int
    path: str = "/"
    headers: str = ""
    ready_mark: bytes = b""
    on_text: "Callable[[Listener, bytes], None] | None" = None


class Listener(asyncio.Protocol):
    """One client, through all its connections."""

    def __init__(self, crowd: "Crowd", *, is_narrow: bool = False) -> None:
        self._crowd, self.is_narrow = crowd, is_narrow
        self.inbox = Inbox()
        self.transport: asyncio.Transport | None = None
        self.is_ready = False
        self.wait_s = 0.0
        """How long the server asked to wait before coming back."""
        self._told = b""
        self._buffer = b""
        self._is_open = False

    @property
    def at(self) -> str:
        """The room's position, as the server told last."""
        start = self._told.rfind(AT)
        return (
            self._told[start + len(AT) : self._told.find(b'"', start + len(AT))].decode()
            if start >= 0
            else ""
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self._buffer, self._is_open, self.is_ready = b"", False, False
        address = self._crowd.address
        since = f"?since={self.at}" if self.at else ""
        self.transport.write(handshake(address.path + since, address.headers))

    def data_received(self, data: bytes) -> None:
        if not self._buffer and self._is_open and data == self._crowd.known:
            self._told = data
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

    def say(self, text: str) -> None:
        self._write(client_frame(text.encode()))

    def stop_reading(self) -> None:
        if self.transport is not None:
            self.transport.pause_reading()

    def read_on(self) -> None:
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
            self._told = chunk.whole
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
    """Clients of one room. With `returns` (seconds) a client whose connection ended comes back within so long, from where it was."""

    def __init__(self, address: Address, now: Callable[[], int] = time.monotonic_ns) -> None:
        self.address = address
        self.tally = Tally()
        self.members: list[Listener] = []
        self.ready = 0
        self.returns: float | None = None
        self.known = b""
        self.known_messages: tuple[Message, ...] = ()
        """What came last, of messages and nothing else, and what it was taken apart into."""
        self._now = now
        self._refusal: bytes | None = None
        self._is_leaving = False
        self._returning: set[asyncio.Task[None]] = set()

    def opened(self, listener: Listener) -> None:
        if not self.address.ready_mark:
            self._became_ready(listener)

    def other(self, listener: Listener, frame: Other) -> None:
        if frame.opcode == CLOSE:
            self.tally.closes[int.from_bytes(frame.payload[:2], "big")] += 1
        if frame.opcode != TEXT:
            return
        text = frame.payload
        if self.address.ready_mark and not listener.is_ready and self.address.ready_mark in text:
            self._became_ready(listener)
        elif text.startswith(b'{"type":"reset"'):
            self.tally.resets += 1
        elif text.startswith(b'{"type":"goingAway"'):
            listener.wait_s = json.loads(text)["reconnectAfterMs"] / 1e3
        if self.address.on_text is not None:
            self.address.on_text(listener, text)

    def messages(self, listener: Listener, messages: tuple[Message, ...]) -> None:
        self.tally.messages(listener.inbox, messages, self._now(), is_replay=not listener.is_ready)

    def refused(self, listener: Listener, head: bytes) -> None:
        if self.returns is None:
            self._refusal = head
        listener.abort()

    def lost(self, listener: Listener) -> None:
        self.ready -= listener.is_ready
        listener.is_ready = False
        if self._is_leaving:
            return
        self.tally.losses += 1
        if self.returns is not None:
            task = asyncio.create_task(self._return(listener, self.returns))
            self._returning.add(task)
            task.add_done_callback(self._returning.discard)

    async def join(self, count: int, at_once: int = 100, *, is_narrow: bool = False) -> None:
        """Open `count` connections, `at_once` at a time, and wait until all are ready."""
        for begun in range(0, count, at_once):
            new = [Listener(self, is_narrow=is_narrow) for _ in range(min(at_once, count - begun))]
            self.members += new
            await self.connect(new)

    async def connect(self, listeners: Iterable[Listener]) -> None:
        """All at once, each from where it was."""
        await asyncio.gather(*(self._connect(each) for each in listeners))
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
            await self.until(lambda: self.tally.received >= count, seconds)
        return count - self.tally.received

    async def cut(self) -> None:
        """End all connections; the people stay, and may `connect` again."""
        self._is_leaving = True
        for task in self._returning:
            task.cancel()
        for member in self.members:
            member.abort()
        await self.until(lambda: all(member.transport is None for member in self.members))
        self._is_leaving = False

    async def leave(self) -> None:
        await self.cut()
        self.members.clear()

    def _became_ready(self, listener: Listener) -> None:
        listener.is_ready = True
        self.ready += 1

    async def _connect(self, listener: Listener) -> None:
        loop = asyncio.get_running_loop()
        plug = socket.socket()
        plug.setblocking(False)
        if listener.is_narrow:
            plug.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, NARROW_BYTES)
            plug.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, NARROW_SEGMENT)
        try:
            await loop.sock_connect(plug, ("127.0.0.1", self.address.port))
            await loop.create_connection(lambda: listener, sock=plug)
        except OSError:
            plug.close()
            raise

    async def _return(self, listener: Listener, within: float) -> None:
        while True:
            wait, listener.wait_s = listener.wait_s, 0.0
            await asyncio.sleep(wait or random.uniform(0, within))  # noqa: S311  jitter
            with suppress(OSError):
                await self._connect(listener)
                return
