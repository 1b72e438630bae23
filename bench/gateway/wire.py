"""WebSocket as the load client needs it, without I/O (RFC 6455): a handshake, small frames out, chunks of
frames in.

A frame that counts has a marker, `#seq@ns#`: the number of the message and the monotonic instant (ns) at
which it was meant to be sent.
"""

import base64
import os
from dataclasses import dataclass
from typing import NamedTuple

TEXT, CLOSE, PING = 1, 8, 9


class Message(NamedTuple):
    """A frame with a marker."""

    seq: int
    sent: int


@dataclass(frozen=True, slots=True)
class Other:
    """A frame without one."""

    opcode: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Chunk:
    """What came in one read: `whole` frames, and the beginning of a further one."""

    frames: tuple[Message | Other, ...]
    whole: bytes
    rest: bytes

    @property
    def messages(self) -> tuple[Message, ...] | None:
        """The frames, if all are messages."""
        found = tuple(frame for frame in self.frames if isinstance(frame, Message))
        return found if len(found) == len(self.frames) else None


def mark(seq: int, sent: int) -> str:
    return f"#{seq}@{sent}#"


def take_apart(data: bytes) -> Chunk:
    """The frames in `data`, which begins with one. A server's frames are not masked; none of the servers
    here fragments."""
    frames: list[Message | Other] = []
    position, end = 0, len(data)
    while end - position >= 2:
        length, start = data[position + 1] & 0x7F, position + 2
        if length == 126:
            length, start = int.from_bytes(data[start : start + 2], "big"), start + 2
        elif length == 127:
            length, start = int.from_bytes(data[start : start + 8], "big"), start + 8
        if start + length > end:
            break
        frames.append(_frame(data[position] & 0x0F, data, start, start + length))
        position = start + length
    return Chunk(tuple(frames), data[:position], data[position:])


def _frame(opcode: int, data: bytes, start: int, end: int) -> Message | Other:
    first = data.find(b"#", start, end) if opcode == TEXT else -1
    at = data.find(b"@", first, end) if first >= 0 else -1
    if at < 0:
        return Other(opcode, data[start:end])
    return Message(int(data[first + 1 : at]), int(data[at + 1 : data.find(b"#", at, end)]))


def handshake(path: str, headers: str) -> bytes:
    """`headers`: further lines, each with its end."""
    key = base64.b64encode(os.urandom(16)).decode()
    return (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n{headers}\r\n"
    ).encode()


def client_frame(payload: bytes, opcode: int = TEXT) -> bytes:
    """The mask is zero, so that the payload stays as it is (section 5.3). Up to 65,535 bytes."""
    length = len(payload)
    size = bytes([0x80 | length]) if length < 126 else b"\xfe" + length.to_bytes(2, "big")
    return bytes([0x80 | opcode]) + size + b"\0\0\0\0" + payload
