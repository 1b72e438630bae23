"""The frames that clients send: JSON objects in text frames, checked by a model each. docs/gateway.md has
them for clients. Those that ask one field of the API are rows of `gateway/verbs.py`.

Unknown fields are ignored, so that either side may be newer; unknown types are an error, so that nothing is
lost in silence.
"""

from collections.abc import Mapping
from functools import reduce
from json import JSONDecoder
from operator import or_
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from chat.rules.errors import InvalidInput
from chat.rules.rooms import is_id
from gateway.frame_fields import (
    MAX_ROOMS_PER_RESUME,
    BadValue,
    DeviceId,
    Flag,
    Frame,
    Number,
    OpenRoom,
    Ref,
    RoomId,
    Rooms,
    Since,
)
from gateway.verbs import FRAMES, VERBS, Ask


class BadFrame(Exception):
    """What came is no frame of this protocol; the text says why, without quoting it."""


class RefusedFrame(Exception):
    """A frame with a bad value, which is refused while the connection goes on: with the frame's `ref`, if it has one."""

    def __init__(self, refusal: InvalidInput, ref: object) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal
        self.about = {"ref": ref} if is_id(ref) else {}


class Authenticate(Frame):
    """The first frame, where neither header nor subprotocol carried the token; later, a fresh token of the
    same person. `device_id`: which of the person's devices this is."""

    type: Literal["auth"] = "auth"
    token: str = Field(repr=False)
    device_id: DeviceId = Field(None, alias="deviceId")


class Subscribe(Frame):
    """Receive a room; `since` is where the client was: a position, a bare number, or nothing. `receipts`
    and `typing`: these, too."""

    type: Literal["subscribe"] = "subscribe"
    room: RoomId
    since: Since = None
    receipts: Flag = False
    typing: Flag = False


class Resume(Frame):
    """The same for several rooms, each from where the client was."""

    type: Literal["resume"] = "resume"
    rooms: Rooms


class Unsubscribe(Frame):
    """Receive the room no more."""

    type: Literal["unsubscribe"] = "unsubscribe"
    room: RoomId


class Mark(Frame):
    """How far the client has received (`delivered`) or its person has read (`read`)."""

    type: Literal["delivered", "read"]
    room: RoomId
    seq: Number


class Typing(Frame):
    """The client's person is writing."""

    type: Literal["typing"] = "typing"
    room: RoomId


class Presence(Frame):
    """Who is there? Answered with a frame of the same type."""

    type: Literal["presence"] = "presence"
    room: RoomId


class Here(Frame):
    """The client's person is there, with this room open: from now on the chat is told so, while the connection lasts."""

    type: Literal["here"] = "here"
    status: Literal["ONLINE", "AWAY"] = "ONLINE"
    watching: OpenRoom = None


class Ping(Frame):
    """A ping of the protocol, for clients (browsers) that cannot send WebSocket's own."""

    type: Literal["ping"] = "ping"
    ref: Ref | None = None


ClientFrame = Authenticate | Subscribe | Resume | Unsubscribe | Mark | Typing | Presence | Here | Ping | Ask
OF_THE_PROTOCOL: tuple[type[Frame], ...] = (
    Authenticate, Subscribe, Resume, Unsubscribe, Mark, Typing, Presence, Here, Ping,
)  # fmt: skip
_ANY: Any = reduce(or_, (*OF_THE_PROTOCOL, *FRAMES.values()))
_FRAMES: TypeAdapter[ClientFrame] = TypeAdapter(Annotated[_ANY, Field(discriminator="type")])

_REASONS: Mapping[str, str] = {
    "token": "must be a string",
    "rooms": f"must be an object of at most {MAX_ROOMS_PER_RESUME} rooms",
    "ref": "must be 1 to 128 of A-Z a-z 0-9 _ . : | @ -",
    "seq": "must be a whole number",
    "status": "must be ONLINE or AWAY",
}
"""What is wrong with a field that no row of `VERBS` has."""


def parse(text: str) -> ClientFrame:
    """The frame in a text frame. Raises `BadFrame`, and `RefusedFrame` for a bad room, position, instant or order."""
    try:
        frame = _decode(text)
    except (ValueError, RecursionError):
        raise BadFrame("not JSON") from None
    if not isinstance(frame, dict):
        raise BadFrame("not an object")
    try:
        return _FRAMES.validate_python(frame)
    except ValidationError as error:
        found = _refusal(error)
        raise (found if isinstance(found, BadFrame) else RefusedFrame(found, frame.get("ref"))) from None


def _refusal(error: ValidationError) -> BadFrame | InvalidInput:
    first = error.errors(include_url=False, include_input=False)[0]
    bad = first.get("ctx", {}).get("error")
    if isinstance(bad, BadValue):
        return bad.refusal
    if len(first["loc"]) < 2:  # of the object itself, before its type's model is known
        return BadFrame("unknown type")
    kind, field = str(first["loc"][0]), str(first["loc"][1])
    if field == "room":  # missing
        return InvalidInput("room.invalidId", argument="roomId")
    if kind in VERBS and field in VERBS[kind].arguments:
        return BadFrame(f"{field} {VERBS[kind].arguments[field].reason}")
    return BadFrame(f"{field} {_REASONS[field]}")


def _no_constant(_name: str) -> Any:
    raise ValueError("JSON has no NaN")


_decode = JSONDecoder(parse_constant=_no_constant).decode
