"""The frames that clients send: JSON objects in text frames, checked by a model each. docs/gateway.md has
them for clients.

Unknown fields are ignored, so that either side may be newer; unknown types are an error, so that nothing is
lost in silence.
"""

from collections.abc import Mapping
from json import JSONDecoder
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    TypeAdapter,
    ValidationError,
)

from chat.rules.devices import check_device
from chat.rules.errors import InvalidInput
from chat.rules.rooms import Room, is_id
from gateway.position import MAX_NUMBER, RoomPosition

MAX_ROOMS_PER_RESUME = 100


class BadFrame(Exception):
    """What came is no frame of this protocol; the text says why, without quoting it."""


class _BadValue(ValueError):
    """A value that is refused, while the connection goes on. pydantic collects nothing but `ValueError`."""

    def __init__(self, refusal: InvalidInput) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


def _room(value: object) -> Room:
    try:
        return value if isinstance(value, Room) else Room.parse(value)
    except InvalidInput as refusal:
        raise _BadValue(refusal) from None


def _since(value: object) -> RoomPosition | int | None:
    if value is None or isinstance(value, RoomPosition):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < MAX_NUMBER:
        return value
    if isinstance(value, str) and len(value) <= 100:
        try:
            return RoomPosition.parse(value)
        except ValueError:
            pass
    raise _BadValue(InvalidInput("changes.since", argument="since"))


def _device(value: object) -> str | None:
    try:
        check_device(value)
    except InvalidInput as refusal:
        raise _BadValue(refusal) from None
    return value if isinstance(value, str) else None


def _ref(value: str) -> str:
    if not is_id(value):
        raise ValueError("no id")
    return value


def _rooms(value: object) -> dict[Room, RoomPosition | int | None]:
    if not isinstance(value, dict) or len(value) > MAX_ROOMS_PER_RESUME:
        raise ValueError("no rooms")
    return {_room(room): _since(since) for room, since in value.items()}


RoomId = Annotated[Room, PlainValidator(_room)]
Since = Annotated[RoomPosition | int | None, PlainValidator(_since)]
DeviceId = Annotated[str | None, PlainValidator(_device)]
Ref = Annotated[str, AfterValidator(_ref)]
Number = Annotated[int, Field(ge=0, lt=MAX_NUMBER)]
Flag = Annotated[bool, PlainValidator(lambda value: value is True)]


class _Frame(BaseModel):
    """Of several errors the first field's is answered: the order of fields is a part of the protocol."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")


class Authenticate(_Frame):
    """The first frame, where neither header nor subprotocol carried the token; later, a fresh token of the
    same person. `device_id`: which of the person's devices this is."""

    type: Literal["auth"] = "auth"
    token: str = Field(repr=False)
    device_id: DeviceId = Field(None, alias="deviceId")


class Subscribe(_Frame):
    """Receive a room; `since` is where the client was: a position, a bare number, or nothing. `receipts`
    and `typing`: these, too."""

    type: Literal["subscribe"] = "subscribe"
    room: RoomId
    since: Since = None
    receipts: Flag = False
    typing: Flag = False


class Resume(_Frame):
    """The same for several rooms, each from where the client was."""

    type: Literal["resume"] = "resume"
    rooms: Annotated[dict[Room, RoomPosition | int | None], PlainValidator(_rooms)]


class Unsubscribe(_Frame):
    """Receive the room no more."""

    type: Literal["unsubscribe"] = "unsubscribe"
    room: RoomId


class Send(_Frame):
    """Send a message; `ref` comes back with the answer."""

    type: Literal["send"] = "send"
    attachments: list[str] | None = None
    client_message_id: str | None = Field(None, alias="clientMessageId")
    text: str = Field(repr=False)
    ref: Ref
    room: RoomId


class Mark(_Frame):
    """How far the client has received (`delivered`) or its person has read (`read`)."""

    type: Literal["delivered", "read"]
    room: RoomId
    seq: Number


class Typing(_Frame):
    """The client's person is writing."""

    type: Literal["typing"] = "typing"
    room: RoomId


class Presence(_Frame):
    """Who is there? Answered with a frame of the same type."""

    type: Literal["presence"] = "presence"
    room: RoomId


class Ping(_Frame):
    """A ping of the protocol, for clients (browsers) that cannot send WebSocket's own."""

    type: Literal["ping"] = "ping"
    ref: Ref | None = None


ClientFrame = Authenticate | Subscribe | Resume | Unsubscribe | Send | Mark | Typing | Presence | Ping
_FRAMES: TypeAdapter[ClientFrame] = TypeAdapter(Annotated[ClientFrame, Field(discriminator="type")])

_REASONS: Mapping[str, str] = {
    "token": "token must be a string",
    "rooms": f"rooms must be an object of at most {MAX_ROOMS_PER_RESUME} rooms",
    "attachments": "attachments must be a list of strings",
    "clientMessageId": "clientMessageId must be a string",
    "text": "text must be a string",
    "ref": "ref must be 1 to 128 of A-Z a-z 0-9 _ . : | @ -",
    "seq": "seq must be a whole number",
}


def parse(text: str) -> ClientFrame:
    """The frame in a text frame. Raises `BadFrame`, and `InvalidInput` for a bad room or position."""
    try:
        frame = _decode(text)
    except (ValueError, RecursionError):
        raise BadFrame("not JSON") from None
    if not isinstance(frame, dict):
        raise BadFrame("not an object")
    try:
        return _FRAMES.validate_python(frame)
    except ValidationError as error:
        raise _refusal(error) from None


def _refusal(error: ValidationError) -> BadFrame | InvalidInput:
    first = error.errors(include_url=False, include_input=False)[0]
    bad = first.get("ctx", {}).get("error")
    if isinstance(bad, _BadValue):
        return bad.refusal
    if len(first["loc"]) < 2:  # of the object itself, before its type's model is known
        return BadFrame("unknown type")
    field = str(first["loc"][1])
    if field == "room":  # missing
        return InvalidInput("room.invalidId", argument="roomId")
    return BadFrame(_REASONS[field])


def _no_constant(_name: str) -> Any:
    raise ValueError("JSON has no NaN")


_decode = JSONDecoder(parse_constant=_no_constant).decode
