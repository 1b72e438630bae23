"""The floor: uvloop, one pre-encoded frame written to each transport. A WebSocket server in name only."""

import asyncio
import base64
import hashlib
import sys
from typing import cast

import uvloop

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
people: set[asyncio.Transport] = set()


class Bare(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop has a class of its own
        self.buffer, self.is_open = b"", False

    def data_received(self, data: bytes) -> None:
        if not self.is_open:
            self.buffer += data
            if b"\r\n\r\n" not in self.buffer:
                return
            key = next(
                line.split(b":")[1].strip()
                for line in self.buffer.split(b"\r\n")
                if line.lower().startswith(b"sec-websocket-key")
            )
            accept = base64.b64encode(hashlib.sha1(key + GUID, usedforsecurity=False).digest())
            self.transport.write(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
            )
            self.is_open, self.buffer = True, b""
            people.add(self.transport)
            return
        self.buffer += data
        while len(self.buffer) > 8:
            length, start = self.buffer[1] & 0x7F, 2
            if length == 126:
                length, start = int.from_bytes(self.buffer[2:4], "big"), 4
            end = start + 4 + length
            if len(self.buffer) < end:
                return
            opcode, payload = self.buffer[0], self.buffer[start + 4 : end]
            self.buffer = self.buffer[end:]
            if opcode == 0x81:
                self.broadcast(payload)

    def broadcast(self, payload: bytes) -> None:
        size = len(payload)
        head = b"\x81" + bytes([size]) if size < 126 else b"\x81\x7e" + size.to_bytes(2, "big")
        frame = head + payload
        for person in people:
            person.write(frame)

    def connection_lost(self, exc: Exception | None) -> None:
        people.discard(self.transport)


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Bare, "127.0.0.1", int(sys.argv[1]))
    print("ready", flush=True)
    await server.serve_forever()


uvloop.run(main())
