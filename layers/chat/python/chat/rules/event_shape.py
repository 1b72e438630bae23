"""Whether an event is what the contract says, before anybody is given it.

An item may hold anything: a number as a string, a map where a text should be. pydantic, which the contract is written
in, takes longer to import than a function to start; so the kinds of values are checked here, by a table, and
`tests/stream/test_contract.py` holds both to each other.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, get_args

from chat.rules.data_requests import RequestKind
from chat.rules.events import EventKind, MessageEventKind
from chat.rules.instants import from_wire, to_wire
from chat.rules.models import NoticeKind, Role, Status, Visibility
from chat.rules.notification_events import NotificationEventKind
from chat.rules.privacy_events import PrivacyEventKind
from chat.rules.rooms import RoomType

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


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _ids(value: Any) -> bool:
    return isinstance(value, list) and all(map(_id, value))


def _positive(value: Any) -> bool:
    return _number(value) and value > 0


def _instant(value: Any) -> bool:
    return bool(value == to_wire(from_wire(value)[0]))


def _rate(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < GREATEST


def _or_null(check: Check) -> Check:
    return lambda value: value is None or check(value)


def _one_of(words: tuple[str, ...]) -> Check:
    return lambda value: isinstance(value, str) and value in words


def _literals(kind: Any) -> tuple[str, ...]:
    """The words of a `Literal`, or of several."""
    inner = get_args(kind)
    return tuple(word for each in inner for word in ((each,) if isinstance(each, str) else _literals(each)))


def _capital(kind: Any) -> tuple[str, ...]:
    return tuple(map(str.upper, _literals(kind)))


_OF_MESSAGES = _literals(MessageEventKind)

Part = Mapping[str, Check]
"""What a part of an event has, by name, each with what that is to be."""

_EVENT: Part = {
    "id": _id,
    "kind": _one_of(_literals(EventKind)),
    "roomId": _id,
    "roomType": _one_of(_literals(RoomType)),
    "guildId": _or_null(_id),
    "rev": _positive,
    "seq": _number,
    "epoch": _positive,
    "generation": _positive,
    "ts": _instant,
    "actorId": _or_null(_id),
}
_MESSAGE: Part = {
    "id": _id,
    "seq": _positive,
    "senderId": _id,
    "ts": _instant,
    "version": _or_null(_positive),
    "editedAt": _or_null(_instant),
    "removedAt": _or_null(_instant),
    "clientMessageId": _or_null(_id),
    "replyTo": _or_null(_id),
    "mentions": _or_null(_ids),
    "mentionsAll": _or_null(_flag),
}
_ATTACHMENT: Part = {"id": _id, "contentType": _id, "size": _number}
_NOTICE: Part = {
    "kind": _one_of(_literals(NoticeKind)),
    "userId": _or_null(_id),
    "role": _or_null(_one_of(_capital(Role))),
    "mutedUntil": _or_null(_instant),
    "nextEpoch": _or_null(_positive),
    "rev": _or_null(_positive),
}
_SEQ_RANGE: Part = {"from": _positive, "to": _positive}
_MESSAGE_REACTIONS: Part = {"id": _id, "seq": _positive, "rev": _positive}
_REACTION_COUNT: Part = {"emoji": _id, "count": _positive}
_LATER_NOTICE: Part = {"messageId": _or_null(_id), "seq": _or_null(_positive)}
"""What the notices of older items lack, and is null then; of rooms and heads the same."""
_ROOM: Part = {
    "roomId": _id,
    "roomType": _one_of(_literals(RoomType)),
    "guildId": _or_null(_id),
    "name": _or_null(_text),
    "visibility": _one_of(_capital(Visibility)),
    "slowModeSeconds": _number,
    "retentionDays": _positive,
    "personPerSecond": _rate,
    "personBurst": _positive,
    "roomPerSecond": _rate,
    "roomBurst": _positive,
    "memberCount": _or_null(_number),
}
_LATER_ROOM: Part = {
    "avatarUrl": _or_null(_text),
    "avatarId": _or_null(_id),
    "historyRev": _or_null(_number),
    "historyFrom": _or_null(_one_of(("BEGINNING", "JOINING"))),
    "description": _or_null(_text),
    "archivedAt": _or_null(_instant),
    "directWith": _or_null(_id),
}
_LATER_HEAD: Part = {"pinsRev": _or_null(_number)}
_HEAD: Part = {"seq": _number, "ts": _or_null(_instant), "epoch": _positive, "rev": _number}
_MEMBER: Part = {
    "userId": _id,
    "role": _one_of(_capital(Role)),
    "status": _one_of(_capital(Status)),
    "mutedUntil": _or_null(_instant),
    "joinedSeq": _number,
}
_PRIVACY: Part = {
    "id": _id,
    "kind": _one_of(_literals(PrivacyEventKind)),
    "ts": _instant,
    "requestId": _or_null(_id),
    "requestKind": _or_null(_one_of(_literals(RequestKind))),
    "requestedBy": _or_null(_id),
    "dueAt": _or_null(_instant),
    "holdId": _or_null(_id),
    "userId": _or_null(_id),
    "person": _or_null(_id),
    "roomId": _or_null(_id),
    "reason": _or_null(_id),
}
_NOTIFICATION: Part = {
    "id": _id,
    "kind": _one_of(_literals(NotificationEventKind)),
    "ts": _instant,
    "userId": _id,
    "roomId": _id,
    "roomType": _one_of(_literals(RoomType)),
    "guildId": _or_null(_id),
    "fromSeq": _positive,
    "seq": _positive,
    "messageId": _id,
    "messageTs": _instant,
    "count": _positive,
    "mentioned": _flag,
}
_PUBLISHED: Part = {
    "id": _id,
    "roomId": _id,
    "senderId": _text,
    "ts": _instant,
    "epoch": _or_null(_positive),
    "seq": _or_null(_positive),
    "rev": _or_null(_positive),
}


def check_event(wire: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON of an event (`RoomEvent.to_wire`), with nothing in it that the contract does not have: what an item holds
    besides is nobody's.

    Raises `Unsound`, `TypeError` or `ValueError` where it is not the contract's.
    """
    message, notices = wire["message"], wire["notices"]
    if (message is not None) != (wire["kind"] in _OF_MESSAGES):
        raise Unsound("message")
    return {
        "version": wire["version"],
        **_part("", wire, _EVENT),
        "message": None if message is None else _checked_message(message),
        "notices": [_checked_notice(each) for each in notices],
        "rebuilt": wire["rebuilt"],
    }


def check_message(wire: Mapping[str, Any]) -> None:
    """The same of a `Message` that is to be published: what subscriptions are matched and ordered by."""
    _part("published", wire, _PUBLISHED)


def check_privacy_event(wire: Mapping[str, Any]) -> dict[str, Any]:
    """The same of an event `chat.privacy.*`."""
    return {"version": wire["version"], **_part("", wire, _PRIVACY)}


def check_notification_event(wire: Mapping[str, Any]) -> dict[str, Any]:
    """The same of an event `chat.notification.due`."""
    return {"version": wire["version"], **_part("", wire, _NOTIFICATION)}


def _checked_message(message: Mapping[str, Any]) -> dict[str, Any]:
    found = _part("message", message, _MESSAGE)
    attachments = message["attachments"]
    if not isinstance(attachments, list | None):
        raise Unsound("attachments")
    found["attachments"] = attachments and [_checked_attachment(each) for each in attachments]
    return found | (_part("message", message, {"text": _or_null(_text)}) if "text" in message else {})


def _checked_attachment(attachment: Mapping[str, Any]) -> dict[str, Any]:
    found = _part("attachments", attachment, _ATTACHMENT)
    return found | (_part("attachments", attachment, {"name": _text}) if "name" in attachment else {})


def _checked_notice(notice: Mapping[str, Any]) -> dict[str, Any]:
    found = _part("notices", notice, _NOTICE, _LATER_NOTICE)
    if notice.get("reactions") is not None:
        found["reactions"] = [_checked_reactions(each) for each in notice["reactions"]]
    if notice.get("erased") is not None:
        found["erased"] = [_part("notices.erased", each, _SEQ_RANGE) for each in notice["erased"]]
    room: Any = notice["room"]
    if room is None:
        return {**found, "room": None}
    head, me = (room[name] for name in ("head", "me"))
    checked = _part("notices.room", room, _ROOM, _LATER_ROOM)
    checked["head"] = None if head is None else _part("notices.room.head", head, _HEAD, _LATER_HEAD)
    checked["me"] = None if me is None else _part("notices.room.me", me, _MEMBER)
    return {**found, "room": checked}


def _checked_reactions(of_message: Mapping[str, Any]) -> dict[str, Any]:
    """What is told of the reactions to one message."""
    found, counts = _part("notices.reactions", of_message, _MESSAGE_REACTIONS), of_message["reactions"]
    if not isinstance(counts, list | None):
        raise Unsound("notices.reactions.reactions")
    found["reactions"] = None if counts is None else [_checked_count(each) for each in counts]
    return found


def _checked_count(count: Mapping[str, Any]) -> dict[str, Any]:
    user_ids = count["userIds"]
    if not isinstance(user_ids, list) or not all(map(_id, user_ids)):
        raise Unsound("notices.reactions.userIds")
    return {**_part("notices.reactions", count, _REACTION_COUNT), "userIds": user_ids}


def _part(where: str, value: Any, part: Part, later: Part = MappingProxyType({})) -> dict[str, Any]:
    """`later`: what may be absent, and is null then."""
    if not isinstance(value, Mapping):
        raise Unsound(where)
    for name, check in part.items():
        if name not in value or not check(value[name]):
            raise Unsound(f"{where}.{name}" if where else name)
    for name, check in later.items():
        if not check(value.get(name)):
            raise Unsound(f"{where}.{name}")
    return {name: value[name] for name in part} | {name: value.get(name) for name in later}
