"""The load client: many plain WebSocket clients in one process, as light as Python allows.

Each connection is a bare asyncio protocol that looks for the marker in what it receives. A marker is `#seq@ns#`: the number of
the message and the monotonic instant (ns) at which it was meant to be sent.
"""

import asyncio
import base64
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

HEAD_END = b"\r\n\r\n"


@dataclass
class Tally:
    """What all clients of a run received. Latencies are in seconds."""

    received: int = 0
    twice: int = 0
    disordered: int = 0
    repaired: int = 0
    bytes: int = 0
    latencies: list[float] = field(default_factory=list)

    def quantile(self, share: float) -> float:
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


class Listener(asyncio.Protocol):
    """One client. `greet` gives what it says after the handshake; `on_text` sees frames without a marker."""

    def __init__(self, crowd: "Crowd", path: str, headers: str) -> None:
        self._crowd = crowd
        self._request = (
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\nSec-WebSocket-Version: 13\r\n{headers}\r\n"
        ).encode()
        self._buffer = b""
        self._is_open = False
        self.last = 0
        self.transport: asyncio.Transport | None = None
        self.is_reading = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if self._buffer:
            data = self._buffer + data
            self._buffer = b""
        if not self._is_open:
            end = data.find(HEAD_END)
            if end < 0:
                self._buffer = data
                return
            if not data.startswith(b"HTTP/1.1 101"):
                self._crowd.refused(data[:80])
                return
            self._is_open = True
            data = data[end + 4 :]
            self._crowd.opened(self)
        self._read(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._crowd.lost(self)

    def say(self, text: str) -> None:
        """Send a text frame; the mask is zero, so that the payload stays as it is (RFC 6455, section 5.3)."""
        payload = text.encode()
        length = len(payload)
        head = bytes([0x81, 0x80 | length]) if length < 126 else b"\x81\xfe" + length.to_bytes(2, "big")
        if self.transport is not None:
            self.transport.write(head + b"\0\0\0\0" + payload)

    def _read(self, data: bytes) -> None:
        position, end = 0, len(data)
        while end - position >= 2:
            length, start = data[position + 1] & 0x7F, position + 2
            if length == 126:
                length, start = int.from_bytes(data[start : start + 2], "big"), start + 2
            elif length == 127:
                length, start = int.from_bytes(data[start : start + 8], "big"), start + 8
            if start + length > end:
                break
            self._frame(data[position] & 0x0F, data, start, start + length)
            position = start + length
        self._buffer = data[position:]

    def _frame(self, opcode: int, data: bytes, start: int, end: int) -> None:
        if opcode == 9 and self.transport is not None:
            self.transport.write(b"\x8a" + bytes([0x80 | (end - start)]) + b"\0\0\0\0" + data[start:end])
            return
        mark = data.find(b"#", start, end)
        if opcode != 1 or mark < 0:
            if opcode == 1:
                self._crowd.text(self, data[start:end])
            return
        at = data.find(b"@", mark, end)
        seq, sent = int(data[mark + 1 : at]), int(data[at + 1 : data.find(b"#", at, end)])
        self._crowd.message(self, seq, sent)
        self._crowd.tally.bytes += end - start


class Crowd:
    """All clients of one run."""

    def __init__(
        self, now: Callable[[], int], on_text: Callable[[Listener, bytes], None] | None = None
    ) -> None:
        self.tally = Tally()
        self.members: list[Listener] = []
        self.greeting = ""
        self.ready = 0
        self._now = now
        self._on_text = on_text
        self._open = 0
        self._changed = asyncio.Event()
        self.losses = 0
        self.ready_mark = b""

    def opened(self, listener: Listener) -> None:
        self._open += 1
        if not self.ready_mark:
            self.ready += 1
        if self.greeting:
            listener.say(self.greeting)
        self._changed.set()

    def text(self, listener: Listener, frame: bytes) -> None:
        if self.ready_mark and self.ready_mark in frame:
            self.ready += 1
            self._changed.set()
        if self._on_text is not None:
            self._on_text(listener, frame)

    def message(self, listener: Listener, seq: int, sent: int) -> None:
        tally = self.tally
        if seq == listener.last + 1:
            listener.last = seq
            tally.received += 1
            tally.latencies.append((self._now() - sent) / 1e9)
        elif seq <= listener.last:
            tally.twice += 1
        else:
            tally.disordered += 1
            listener.last = seq
            tally.received += 1

    def refused(self, head: bytes) -> None:
        raise RuntimeError(f"the server refused: {head!r}")

    def lost(self, listener: Listener) -> None:
        self._open -= 1
        self.losses += 1
        self._changed.set()

    async def join(self, port: int, count: int, path: str, headers: str = "", at_once: int = 100) -> None:
        """Open `count` connections, `at_once` at a time, and wait until all are ready."""
        loop = asyncio.get_running_loop()
        base = self.ready
        for begun in range(0, count, at_once):
            for _ in range(min(at_once, count - begun)):
                _, listener = await loop.create_connection(
                    lambda: Listener(self, path, headers), "127.0.0.1", port
                )
                self.members.append(listener)
            await self._until_ready(base + min(begun + at_once, count))

    async def _until_ready(self, count: int) -> None:
        await self.until(lambda: self.ready >= count)

    async def until(self, condition: Callable[[], bool], seconds: float = 60.0) -> None:
        async with asyncio.timeout(seconds):
            while not condition():
                self._changed.clear()
                try:
                    await asyncio.wait_for(self._changed.wait(), 0.1)
                except TimeoutError:
                    continue

    def leave(self) -> None:
        for member in self.members:
            if member.transport is not None:
                member.transport.abort()
        self.members.clear()
