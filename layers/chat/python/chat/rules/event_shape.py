"""Whether an event is what the contract says, before anybody is given it.

An item may hold anything: a number as a string, a map where a text should be. pydantic, which the contract is written
in, takes longer to import than a function to start; so the kinds of values are checked here, by a table, and
`tests/stream/test_contract.py` holds both to each other.
"""

from collections.abc import Callable, Mapping
from typing import Any, get_args

from chat.rules.events import EventKind
from chat.rules.instants import from_wire
from chat.rules.models import NoticeKind

Check = Callable[[Any], bool]
GREATEST = 2**53
"""Beyond this, JSON's readers no longer tell whole numbers apart."""


class Unsound(Exception):
    """An event is not what the contract says; the text names the attribute, and nothing of its value."""


def _text(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    value.encode()  # half of a surrogate pair: UnicodeEncodeError
    return True


def _id(value: Any) -> bool:
    return _text(value) and 0 < len(value) <= 512


def _number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < GREATEST


def _positive(value: Any) -> bool:
    return _number(value) and value > 0


def _instant(value: Any) -> bool:
    from_wire(value)
    return True


def _or_null(check: Check) -> Check:
    return lambda value: value is None or check(value)


def _one_of(words: tuple[str, ...]) -> Check:
    return lambda value: isinstance(value, str) and value in words


def _literals(kind: Any) -> tuple[str, ...]:
    """The words of a `Literal`, or of several."""
    inner = get_args(kind)
    return tuple(word for each in inner for word in ((each,) if isinstance(each, str) else _literals(each)))


_EVENT: Mapping[str, Check] = {
    "id": _id,
    "kind": _one_of(_literals(EventKind)),
    "roomId": _id,
    "roomType": _one_of(("general", "guild")),
    "guildId": _or_null(_id),
    "rev": _positive,
    "seq": _number,
    "epoch": _positive,
    "generation": _positive,
    "ts": _instant,
    "actorId": _or_null(_id),
}
_MESSAGE: Mapping[str, Check] = {
    "id": _id,
    "seq": _positive,
    "senderId": _id,
    "ts": _instant,
    "version": _or_null(_positive),
    "editedAt": _or_null(_instant),
    "removedAt": _or_null(_instant),
    "clientMessageId": _or_null(_id),
    "text": _or_null(_text),
}
_ATTACHMENT: Mapping[str, Check] = {"id": _id, "contentType": _id, "size": _number, "name": _text}
_NOTICE: Mapping[str, Check] = {
    "kind": _one_of(_literals(NoticeKind)),
    "userId": _or_null(_id),
    "role": _or_null(_one_of(("OWNER", "MODERATOR", "MEMBER"))),
    "mutedUntil": _or_null(_instant),
    "nextEpoch": _or_null(_positive),
    "rev": _or_null(_positive),
    "room": _or_null(lambda value: isinstance(value, dict) and _id(value.get("roomId"))),
}
_PUBLISHED: Mapping[str, Check] = {
    "id": _id,
    "roomId": _id,
    "senderId": _text,
    "ts": _instant,
    "epoch": _or_null(_positive),
    "seq": _or_null(_positive),
    "rev": _or_null(_positive),
}


def check_event(wire: Mapping[str, Any]) -> None:
    """Raises `Unsound`, `TypeError` or `ValueError` where the JSON of an event (`RoomEvent.to_wire`) is not the contract's."""
    _check("", wire, _EVENT)
    message, notices = wire["message"], wire["notices"]
    if (message is not None) != wire["kind"].startswith("MESSAGE_"):
        raise Unsound("message")
    if message is not None:
        _check("message", message, _MESSAGE)
        for attachment in message.get("attachments") or ():
            _check("attachments", attachment, _ATTACHMENT)
    for notice in notices:
        _check("notices", notice, _NOTICE)


def check_message(wire: Mapping[str, Any]) -> None:
    """The same of a `Message` that is to be published: what subscriptions are matched and ordered by."""
    _check("published", wire, _PUBLISHED)


def _check(where: str, value: Any, checks: Mapping[str, Check]) -> None:
    if not isinstance(value, Mapping):
        raise Unsound(where)
    for name, check in checks.items():
        if name in value and not check(value[name]):
            raise Unsound(f"{where}.{name}" if where else name)
