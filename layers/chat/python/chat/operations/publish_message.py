"""Publish a message or a notice that is committed: AppSync gives the answer to the subscribers of `onMessage`.
Nothing is read and nothing stored."""

import json
from collections.abc import Callable, Mapping
from math import inf
from typing import Any, get_args

from chat.rules.arguments import LARGEST_INT, is_whole
from chat.rules.errors import InvalidInput
from chat.rules.instants import from_wire
from chat.rules.models import NoticeKind, Role, Visibility
from chat.rules.published import TYPES, type_name
from chat.rules.rooms import Room, RoomType

MAX_PUBLISHED = 240 * 1024
"""What AppSync delivers to subscribers at most, in bytes; what is longer it silently does not:
https://docs.aws.amazon.com/general/latest/gr/appsync.html"""


def publish_message(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Answers the `message` of `arguments`, the schema's `Message` with its `epoch`: the one in which it is to be heard.

    AppSync hands over what `AWSJSON` holds already parsed; a text is parsed here. What is absent is null. Raises
    `InvalidInput`, whose `argument` is the path to what is wrong, for names that the schema does not have, for
    values of other types, and for what AppSync would not deliver.
    """
    message = _parsed(arguments.get("message"))
    _check("message", "Message!", message)
    if not is_whole(message.get("epoch"), 1):
        raise _malformed("message/epoch")
    room = Room.parse(message["roomId"], "message/roomId")
    for name, own in (("roomType", room.type), ("guildId", room.guild_id)):
        if message.get(name) not in (None, own):
            raise _malformed(f"message/{name}")
    _check_size(message)
    found: dict[str, Any] = message
    return found


def _parsed(message: object) -> Any:
    try:
        return json.loads(message) if isinstance(message, str) else message
    except (ValueError, RecursionError):
        raise _malformed("message") from None


def _check(path: str, written: str, value: object) -> None:
    """Whether `value` is of a type of the schema, as that writes it."""
    if value is None:
        if written.endswith("!"):
            raise _malformed(path)
        return
    name = type_name(written)
    if written.startswith("["):
        if not isinstance(value, list):
            raise _malformed(path)
        for each in value:
            _check(path, f"{name}!", each)
    elif name in TYPES:
        _check_object(path, TYPES[name], value)
    elif not _IS[name](value):
        raise _malformed(path)


def _check_object(path: str, fields: Mapping[str, str], value: object) -> None:
    if not isinstance(value, dict) or not value.keys() <= fields.keys():
        raise _malformed(path)  # a name that is unknown is not said: it may be anything
    for field, written in fields.items():
        _check(f"{path}/{field}", written, value.get(field))


def _check_size(message: Mapping[str, Any]) -> None:
    try:
        size = len(json.dumps(message, ensure_ascii=False).encode())
    except UnicodeEncodeError:
        raise _malformed("message") from None  # half of a surrogate pair
    if size > MAX_PUBLISHED:
        raise InvalidInput("publish.tooLarge", argument="message", max=MAX_PUBLISHED)


def _malformed(path: str) -> InvalidInput:
    return InvalidInput("publish.malformed", argument=path)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_int(value: object) -> bool:
    return is_whole(value, 0, LARGEST_INT)


def _is_float(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < inf


def _is_instant(value: object) -> bool:
    try:
        from_wire(value)
    except ValueError:
        return False
    return True


def _one_of(*words: str) -> Callable[[object], bool]:
    return lambda value: value in words


_IS: Mapping[str, Callable[[object], bool]] = {
    "ID": _is_text,
    "String": _is_text,
    "Int": _is_int,
    "Float": _is_float,
    "AWSDateTime": _is_instant,
    "Boolean": lambda value: isinstance(value, bool),
    "RoomType": _one_of(*get_args(RoomType)),
    "NoticeKind": _one_of(*get_args(NoticeKind)),
    "Role": _one_of(*(each.upper() for each in get_args(Role))),
    "RoomVisibility": _one_of(*(each.upper() for each in get_args(Visibility))),
    "MemberStatus": _one_of("ACTIVE", "INVITED", "BANNED"),
}
