"""The gateway's frames: JSON objects in text frames, written down in docs/gateway.md.

Unknown fields are ignored, so that either side may be newer; unknown types are an error, so that nothing is lost in silence.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chat.rules.errors import ChatError, InvalidInput
from chat.rules.rooms import Room, is_id
from gateway.position import RoomPosition

SUBPROTOCOL = "chat.v1"
TOKEN_ENTRY = "bearer."  # noqa: S105  the prefix of a subprotocol entry
MAX_ROOMS_PER_RESUME = 100


@dataclass(frozen=True, slots=True)
class Authenticate:
    """The first frame, where neither header nor subprotocol carried the token."""

    token: str


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Receive a room; `since` is where the client was: a position, a bare number, or nothing. `receipts` and `typing`: these, too."""

    room: Room
    since: RoomPosition | int | None
    receipts: bool = False
    typing: bool = False


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    room: Room


@dataclass(frozen=True, slots=True)
class Send:
    """Send a message; `ref` comes back with the answer."""

    ref: str
    room: Room
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Mark:
    """How far the client has received (`delivered`) or its person has read (`read`)."""

    kind: str
    room: Room
    seq: int


@dataclass(frozen=True, slots=True)
class Typing:
    """The client's person is writing."""

    room: Room


@dataclass(frozen=True, slots=True)
class Presence:
    """Who is there? Answered with a frame of the same type."""

    room: Room


@dataclass(frozen=True, slots=True)
class Ping:
    """A ping of the protocol, for clients (browsers) that cannot send WebSocket's own."""

    ref: str | None


ClientFrame = Authenticate | Subscribe | Unsubscribe | Send | Mark | Typing | Presence | Ping


Fields = Mapping[str, Any]


class BadFrame(Exception):
    """What came is no frame of this protocol; the text says why, without quoting it."""


def parse(text: str) -> list[ClientFrame]:
    """The frames in one text frame: `resume` names several rooms. Raises `BadFrame`, and `InvalidInput` for a bad value."""
    try:
        frame = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise BadFrame("not JSON") from None
    if not isinstance(frame, dict):
        raise BadFrame("not an object")
    reader = _READERS.get(str(frame.get("type")))
    if reader is None:
        raise BadFrame("unknown type")
    return reader(frame)


def _resume(frame: Fields) -> list[ClientFrame]:
    rooms = frame.get("rooms")
    if not isinstance(rooms, dict) or len(rooms) > MAX_ROOMS_PER_RESUME:
        raise BadFrame(f"rooms must be an object of at most {MAX_ROOMS_PER_RESUME} rooms")
    return [Subscribe(Room.parse(room), _since(since)) for room, since in rooms.items()]


def _subscribe(frame: Fields) -> list[ClientFrame]:
    wishes = frame.get("receipts") is True, frame.get("typing") is True
    return [Subscribe(_room(frame), _since(frame.get("since")), *wishes)]


def _send(frame: Fields) -> list[ClientFrame]:
    attachments = frame.get("attachments")
    if attachments is not None and not (
        isinstance(attachments, list) and all(isinstance(each, str) for each in attachments)
    ):
        raise BadFrame("attachments must be a list of strings")
    name = None if frame.get("clientMessageId") is None else _text(frame, "clientMessageId")
    arguments = {"text": _text(frame, "text"), "clientMessageId": name, "attachments": attachments}
    return [Send(_ref(frame), _room(frame), arguments)]


_READERS: Mapping[str, Callable[[Fields], list[ClientFrame]]] = {
    "auth": lambda frame: [Authenticate(_text(frame, "token"))],
    "resume": _resume,
    "subscribe": _subscribe,
    "unsubscribe": lambda frame: [Unsubscribe(_room(frame))],
    "send": _send,
    "delivered": lambda frame: [Mark("delivered", _room(frame), _number(frame, "seq"))],
    "read": lambda frame: [Mark("read", _room(frame), _number(frame, "seq"))],
    "typing": lambda frame: [Typing(_room(frame))],
    "presence": lambda frame: [Presence(_room(frame))],
    "ping": lambda frame: [Ping(None if frame.get("ref") is None else _ref(frame))],
}


def encode(kind: str, **fields: Any) -> str:
    """A frame of the server."""
    return json.dumps({"type": kind, **fields}, separators=(",", ":"), ensure_ascii=False)


def with_position(text: str, position: RoomPosition) -> str:
    """A frame of the server with another `at`."""
    fields = json.loads(text)
    return encode(fields.pop("type"), **{**fields, "at": str(position)})


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal of the chat, by its name, with its sentence and its values."""

    code: str
    message: str
    values: Mapping[str, Any]

    @classmethod
    def of(cls, error: ChatError) -> "Refusal":
        return cls(error.code, str(error), dict(error.values))


def refused(refusal: Refusal, **fields: Any) -> str:
    return encode(
        "refused", **fields, errorType=refusal.code, message=refusal.message, values=dict(refusal.values)
    )


def _room(frame: Mapping[str, Any]) -> Room:
    return Room.parse(frame.get("room"))


def _text(frame: Mapping[str, Any], name: str) -> str:
    value = frame.get(name)
    if not isinstance(value, str):
        raise BadFrame(f"{name} must be a string")
    return value


def _ref(frame: Mapping[str, Any]) -> str:
    value = frame.get("ref")
    if not is_id(value):
        raise BadFrame("ref must be 1 to 128 of A-Z a-z 0-9 _ . : | @ -")
    return str(value)


def _number(frame: Mapping[str, Any], name: str) -> int:
    value = frame.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**31:
        raise BadFrame(f"{name} must be a whole number")
    return value


def _since(value: object) -> RoomPosition | int | None:
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31:
        return value
    if isinstance(value, str) and len(value) <= 100:
        try:
            return RoomPosition.parse(value)
        except ValueError:
            pass
    raise InvalidInput("changes.since", argument="since")


def _no_constant(_name: str) -> float:
    raise ValueError("JSON has no NaN")


def server_frame(text: str) -> bytes:
    """A text frame as it goes to a client, unmasked and whole (RFC 6455, section 5.2): encoded once for all of a room."""
    payload = text.encode()
    length = len(payload)
    if length < 126:
        return b"\x81" + bytes([length]) + payload
    if length < 1 << 16:
        return b"\x81\x7e" + length.to_bytes(2, "big") + payload
    return b"\x81\x7f" + length.to_bytes(8, "big") + payload


def payload(frame: bytes) -> str:
    """What `server_frame` has framed."""
    start = {126: 4, 127: 10}.get(frame[1], 2)
    return frame[start:].decode()
