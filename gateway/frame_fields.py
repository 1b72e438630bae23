"""What fields of clients' frames may be. A value that is no value of its field closes the connection, or is refused while the
connection goes on: which of the two is a part of the protocol."""

from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
)

from chat.rules.arguments import check_instant, check_order
from chat.rules.devices import check_device
from chat.rules.errors import InvalidInput
from chat.rules.rooms import Room, is_id
from chat.rules.trace import TRACEPARENT
from gateway.position import MAX_NUMBER, RoomPosition

MAX_ROOMS_PER_RESUME = 100


class BadValue(ValueError):
    """A value that is refused, while the connection goes on. pydantic collects nothing but `ValueError`."""

    def __init__(self, refusal: InvalidInput) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


def _room(value: object) -> Room:
    try:
        return value if isinstance(value, Room) else Room.parse(value)
    except InvalidInput as refusal:
        raise BadValue(refusal) from None


def _open_room(value: object) -> Room | None:
    try:
        return value if value is None or isinstance(value, Room) else Room.parse(value, "watching")
    except InvalidInput as refusal:
        raise BadValue(refusal) from None


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
    raise BadValue(InvalidInput("changes.since", argument="since"))


def _device(value: object) -> str | None:
    try:
        check_device(value)
    except InvalidInput as refusal:
        raise BadValue(refusal) from None
    return value if isinstance(value, str) else None


def _instant(value: str, info: ValidationInfo) -> str:
    try:
        check_instant(value, info.field_name or "")
    except InvalidInput as refusal:
        raise BadValue(refusal) from None
    return value


def _order(value: str) -> str:
    try:
        check_order(value)
    except InvalidInput as refusal:
        raise BadValue(refusal) from None
    return value


def _ref(value: str) -> str:
    if not is_id(value):
        raise ValueError("no id")
    return value


def _rooms(value: object) -> dict[Room, RoomPosition | int | None]:
    if not isinstance(value, dict) or len(value) > MAX_ROOMS_PER_RESUME:
        raise ValueError("no rooms")
    return {_room(room): _since(since) for room, since in value.items()}


def _traceparent(value: object) -> str | None:
    return value if isinstance(value, str) and TRACEPARENT.fullmatch(value) else None


_ID = "[A-Za-z0-9_.:|@-]{1,128}"
_ROOM: dict[str, Any] = {"type": "string", "pattern": f"^(GUILD#)?{_ID}$"}
_SINCE: dict[str, Any] = {
    "anyOf": [
        {"type": "string", "pattern": "^[0-9]{1,10}/[^/]*/[0-9]{1,10}$", "maxLength": 100},
        {"type": "integer", "minimum": 0, "exclusiveMaximum": MAX_NUMBER},
        {"type": "null"},
    ]
}
_ROOMS: dict[str, Any] = {
    "type": "object",
    "propertyNames": {"pattern": _ROOM["pattern"]},
    "additionalProperties": _SINCE,
    "maxProperties": MAX_ROOMS_PER_RESUME,
}
_REF: dict[str, Any] = {"type": "string", "pattern": f"^{_ID}$"}
"""As JSON Schema, for the reference: what these let through the validators judge."""

RoomId = Annotated[Room, PlainValidator(_room), WithJsonSchema(_ROOM)]
OpenRoom = Annotated[
    Room | None, PlainValidator(_open_room), WithJsonSchema({"anyOf": [_ROOM, {"type": "null"}]})
]
Since = Annotated[RoomPosition | int | None, PlainValidator(_since), WithJsonSchema(_SINCE)]
Rooms = Annotated[dict[Room, RoomPosition | int | None], PlainValidator(_rooms), WithJsonSchema(_ROOMS)]
DeviceId = Annotated[str | None, PlainValidator(_device), WithJsonSchema({"anyOf": [_REF, {"type": "null"}]})]
Ref = Annotated[str, AfterValidator(_ref), WithJsonSchema(_REF)]
Instant = Annotated[str, AfterValidator(_instant), WithJsonSchema({"type": "string", "format": "date-time"})]
Order = Annotated[
    str, AfterValidator(_order), WithJsonSchema({"type": "string", "enum": ["NEWEST_FIRST", "OLDEST_FIRST"]})
]
Number = Annotated[int, Field(ge=0, lt=MAX_NUMBER)]
Flag = Annotated[bool, PlainValidator(lambda value: value is True), WithJsonSchema({"type": "boolean"})]
Traceparent = Annotated[
    str | None,
    PlainValidator(_traceparent),
    WithJsonSchema({"type": "string", "pattern": "^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"}),
]
"""What is of no such form is as if it were not there: https://www.w3.org/TR/trace-context/#a-traceparent-is-received"""


class Frame(BaseModel):
    """Of several errors the first field's is answered: the order of fields is a part of the protocol.

    `traceparent` may be in any frame, and goes on to the API with what is asked because of this frame."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")

    traceparent: Traceparent = None
