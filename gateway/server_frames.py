"""The frames that the gateway sends: JSON objects in text frames, written down in docs/gateway.md."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chat.rules.errors import ChatError
from gateway.position import RoomPosition


def encode(kind: str, **fields: Any) -> str:
    """The text of a frame."""
    return json.dumps({"type": kind, **fields}, separators=(",", ":"), ensure_ascii=False)


def with_position(text: str, position: RoomPosition) -> str:
    """The text with another `at`."""
    fields = json.loads(text)
    return encode(fields.pop("type"), **{**fields, "at": str(position)})


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal of the chat, by its name, with its sentence and its values."""

    code: str
    message: str
    values: Mapping[str, Any]

    @property
    def is_of_schema(self) -> bool:
        """Whether AppSync found that the API has no such field, argument or type: it gives no name for that."""
        return self.message.startswith("Validation error")

    @property
    def name(self) -> str:
        """For logs and metrics."""
        return "ValidationError" if self.is_of_schema else self.code

    @classmethod
    def of(cls, error: ChatError) -> "Refusal":
        return cls(error.code, str(error), dict(error.values))


def refused(refusal: Refusal, **fields: Any) -> str:
    """The text of a frame that says so."""
    return encode(
        "refused", **fields, errorType=refusal.code, message=refusal.message, values=dict(refusal.values)
    )


def framed(text: str) -> bytes:
    """A text frame as it goes to a client, unmasked and whole (RFC 6455, section 5.2): encoded once for
    all of a room. Half of a surrogate pair, which AppSync may quote in a refusal, is no UTF-8: it stays the escape
    that it is in JSON."""
    payload = text.encode(errors="backslashreplace")
    length = len(payload)
    if length < 126:
        return b"\x81" + bytes([length]) + payload
    if length < 1 << 16:
        return b"\x81\x7e" + length.to_bytes(2, "big") + payload
    return b"\x81\x7f" + length.to_bytes(8, "big") + payload


def payload(frame: bytes) -> str:
    """The text in a frame."""
    start = {126: 4, 127: 10}.get(frame[1], 2)
    return frame[start:].decode()
