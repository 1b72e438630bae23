"""The lines of an export: what of an item goes into one, and the JSON Schema that says so. Reads nothing."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from chat.rules.export_files import to_line
from chat.rules.models import Item, Message
from chat.rules.record import record
from chat.rules.rooms import Table


@record(frozen=True, slots=True)
class ItemKind:
    """A kind of items in somebody's partition: their sort keys lie from `low` to `high`. `of_rooms`: the sort key has a room
    in it, behind `low`, and such items are in both tables."""

    name: str
    low: str
    high: str
    of_rooms: bool = False

    @property
    def tables(self) -> Sequence[Table]:
        return ("core", "guild") if self.of_rooms else ("core",)


ITEM_KINDS = (
    ItemKind("profile", "CHATPROFILE", "CHATPROFILE"),
    ItemKind("settings", "MINE", "MINE"),
    ItemKind("presence", "PRESENCE", "PRESENCE"),
    ItemKind("rates", "QUOTA", "QUOTA"),
    ItemKind("uploadRates", "UPLOADING", "UPLOADING"),
    ItemKind("requests", "REQUEST#", "REQUEST$"),
    ItemKind("requestRates", "REQUESTS", "REQUESTS"),
    ItemKind("erasure", "ERASED", "ERASED"),
    ItemKind("blocks", "BLOCK#", "BLOCK$"),
    ItemKind("pictures", "PICTURE#", "PICTURE$"),
    ItemKind("drafts", "DRAFT#", "DRAFT$"),
    ItemKind("memberships", "IN#", "IN$", of_rooms=True),
    ItemKind("receipts", "AT#", "AT$", of_rooms=True),
    ItemKind("mentions", "MENTION#", "MENTION$", of_rooms=True),
    ItemKind("reactions", "REACTED#", "REACTED$", of_rooms=True),
    ItemKind("names", "NAMED#", "NAMED$", of_rooms=True),
    ItemKind("notifications", "NOTIFY#", "NOTIFY$", of_rooms=True),
    ItemKind("notificationsSet", "NOTIFYSET#", "NOTIFYSET$", of_rooms=True),
)
"""Whatever is in a person's partition but `NOT_AS_ITEMS`, and what a table has of other services, which is not the chat's to
give. How the parts of the tables are called: `chat/storage/keys.py`."""

NOT_AS_ITEMS: Mapping[str, str] = {
    "SENT#": "the proof of a send, by which the messages are found",
    "HELD": "that a legal hold covers them, which they are not told",
    "ERASING#": "what an erasure has told; no export runs beside one",
}
"""What else the chat has in a person's partition, by what its sort key begins with, and why no line has it."""


def item_line(kind: ItemKind, item: Item) -> str:
    """An item as a line: its attributes as they are stored, and from its key what this says behind the kind."""
    attributes = {name: plain(value) for name, value in item.items() if name not in _NOT_SHOWN}
    key = item["SK"]["S"].removeprefix(kind.low)
    return to_line({"kind": kind.name, **({"key": key} if key else {}), "item": attributes})


_NOT_SHOWN = ("PK", "SK", "type", "held", "heldExpiresAt")
"""Of an item. Whom a legal hold is about is not told of it."""


def message_line(message: Message) -> str:
    """A message as it is now, as the API answers it but for what others are called."""
    wire = {
        name: value for name, value in message.to_wire().items() if value is not None and name not in _NO_PART
    }
    return to_line({"kind": "message", **wire})


_NO_PART = ("notice", "quote", "senderId")


def plain(value: Mapping[str, Any]) -> Any:
    """A value of DynamoDB as JSON has it."""
    (kind, inner), *_ = value.items()
    if kind == "N":
        return json.loads(inner)
    if kind == "L":
        return [plain(each) for each in inner]
    if kind == "M":
        return {name: plain(each) for name, each in inner.items()}
    return None if kind == "NULL" else inner


def schema() -> dict[str, Any]:
    """What a line of any file holds, as JSON Schema: https://json-schema.org/draft/2020-12/schema."""
    instant, count = {**_of("string"), "format": "date-time"}, _of("integer")
    text = _of("string")
    attachment = _object(
        {"id": text, "name": _of("string", "null"), "contentType": text, "size": count}, ("id",)
    )
    counted = _object({"emoji": text, "count": count}, ("emoji",))
    message = _object(
        {
            "kind": {"const": "message"},
            "id": text,
            "roomId": text,
            "roomType": {"enum": ["general", "guild"]},
            "guildId": text,
            "seq": count,
            "ts": instant,
            "epoch": count,
            "rev": count,
            "version": count,
            "text": text,
            "clientMessageId": text,
            "editedAt": instant,
            "removedAt": instant,
            "replyTo": text,
            "mentions": {**_of("array"), "items": text},
            "mentionsAll": _of("boolean"),
            "attachments": {**_of("array"), "items": attachment},
            "reactions": {**_of("array"), "items": counted},
        },
        ("kind", "id", "roomId", "ts"),
    )
    kinds = sorted({kind.name for kind in ITEM_KINDS})
    item = _object(
        {"kind": {"enum": kinds}, "key": text, "item": _of("object")},
        ("kind", "item"),
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A line of an export of the chat",
        "description": "Of an item, `key` is what its key in the tables says behind the kind: the room (ROOM#lobby, GUILD#dragons),"
        " the message in it or the person; numbers of instants are in milliseconds since 1970, of `expiresAt` in seconds, of `tat`"
        " in microseconds. Of a message, `text` is as it is now, and absent where it was removed.",
        "oneOf": [message, item],
    }


def _object(properties: Mapping[str, Any], required: Sequence[str]) -> dict[str, Any]:
    return {**_of("object"), "properties": dict(properties), "required": list(required)}


def _of(*types: str) -> dict[str, Any]:
    return {"type": types[0] if len(types) == 1 else list(types)}
