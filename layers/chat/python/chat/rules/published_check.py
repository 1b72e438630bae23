"""Whether what an internal mutation is given is what the schema has: names, types and words, and no more than AppSync
delivers."""

import json
from collections.abc import Callable, Mapping
from math import inf
from typing import Any, get_args

from chat.rules.arguments import LARGEST_INT, is_whole
from chat.rules.errors import InvalidInput
from chat.rules.instants import from_wire
from chat.rules.models import NoticeKind, Role, Visibility
from chat.rules.person_events import PersonEventKind
from chat.rules.published import TYPES, type_name
from chat.rules.rooms import RoomType

MAX_PUBLISHED = 240 * 1024
"""What AppSync delivers to subscribers at most, in bytes; what is longer it silently does not:
https://docs.aws.amazon.com/general/latest/gr/appsync.html"""


def check_published(given: object, argument: str, kind: str) -> dict[str, Any]:
    """The object of this type that `argument` holds: AppSync hands over what `AWSJSON` holds already parsed; a text is parsed
    here. Raises `InvalidInput`, whose `argument` is the path to what is wrong."""
    found: dict[str, Any] = _parsed(given, argument)
    _check(argument, f"{kind}!", found)
    if not is_whole(found.get("epoch"), 1):
        raise malformed(f"{argument}/epoch")
    _check_size(found, argument)
    return found


def malformed(path: str) -> InvalidInput:
    return InvalidInput("publish.malformed", argument=path)


def _parsed(given: object, argument: str) -> Any:
    try:
        return json.loads(given) if isinstance(given, str) else given
    except (ValueError, RecursionError):
        raise malformed(argument) from None


def _check(path: str, written: str, value: object) -> None:
    """Whether `value` is of a type of the schema, as that writes it."""
    if value is None:
        if written.endswith("!"):
            raise malformed(path)
        return
    name = type_name(written)
    if written.startswith("["):
        if not isinstance(value, list):
            raise malformed(path)
        for each in value:
            _check(path, f"{name}!", each)
    elif name in TYPES:
        _check_object(path, TYPES[name], value)
    elif not _IS[name](value):
        raise malformed(path)


def _check_object(path: str, fields: Mapping[str, str], value: object) -> None:
    if not isinstance(value, dict) or not value.keys() <= fields.keys():
        raise malformed(path)  # a name that is unknown is not said: it may be anything
    for field, written in fields.items():
        _check(f"{path}/{field}", written, value.get(field))


def _check_size(found: Mapping[str, Any], argument: str) -> None:
    try:
        size = len(json.dumps(found, ensure_ascii=False).encode())
    except UnicodeEncodeError:
        raise malformed(argument) from None  # half of a surrogate pair
    if size > MAX_PUBLISHED:
        raise InvalidInput("publish.tooLarge", argument=argument, max=MAX_PUBLISHED)


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
    "RoomType": _one_of(*get_args(RoomType)),
    "NoticeKind": _one_of(*get_args(NoticeKind)),
    "PersonEventKind": _one_of(*get_args(PersonEventKind)),
    "Role": _one_of(*(each.upper() for each in get_args(Role))),
    "RoomVisibility": _one_of(*(each.upper() for each in get_args(Visibility))),
    "MemberStatus": _one_of("ACTIVE", "INVITED", "BANNED"),
}
