"""Items of DynamoDB: as it writes them, and as what they are."""

from collections.abc import Mapping
from typing import Any

from chat.rules.identifiers import uuid7_ms
from chat.rules.models import Item, Message
from chat.rules.rooms import Room

NEW_NAMES = ("replyTo", "mentions", "mentionsAll", "erased", "quote", "reactions")
"""Attributes of messages that an adoption before they had a meaning has copied."""


def key(partition_key: str, sort_key: str) -> Item:
    return {"PK": {"S": partition_key}, "SK": {"S": sort_key}}


def values(given: Mapping[str, Any]) -> Item:
    """Strings and whole numbers as DynamoDB writes them."""
    return {
        name: {"S": value} if isinstance(value, str) else {"N": str(value)} for name, value in given.items()
    }


def plain(item: Item) -> dict[str, str | int]:
    """The strings and whole numbers of an item; what is of another kind is left out."""
    found: dict[str, str | int] = {}
    for name, value in item.items():
        if "S" in value:
            found[name] = value["S"]
        elif value.get("N", "").lstrip("-").isdecimal():
            found[name] = int(value["N"])
    return found


def to_message(room: Room, item: Item) -> Message:
    """The message in an item of the room's partition. A guild's messages hold `guildId` in place of
    `roomId`."""
    if "adoptedFrom" in item:
        item = _without_anothers(item)
    message: Message = Message.of(item | {"roomId": {"S": room.id}})
    return message


def _without_anothers(item: Item) -> Item:
    """The item of an adopted message without attributes that another service wrote, and that the chat has had only since:
    the chat's are of other kinds."""
    kept = {name for name in NEW_NAMES if name in item and _is_ours(name, item[name])}
    return {name: value for name, value in item.items() if name not in NEW_NAMES or name in kept}


def _is_ours(name: str, value: dict[str, Any]) -> bool:
    text = value.get("S", "")
    if name == "replyTo":
        return uuid7_ms(text) is not None
    if name == "mentions":
        return bool(text.startswith('["'))
    if name == "reactions":
        return bool(text.startswith('[{"emoji":'))
    return name in ("mentionsAll", "erased") and value == {"N": "1"}


EXPIRES, HELD = "expiresAt", "heldExpiresAt"
"""The attribute that DynamoDB's TTL looks at, and the one that says the same of an item under a legal hold."""


def expiry_of(item: Item) -> int | None:
    """When an item is gone for readers, in seconds, whether a legal hold keeps it or not; `None` for one that stays."""
    at = item.get(EXPIRES) or item.get(HELD)
    return None if at is None else int(at["N"])


def is_expired(item: Item, now_s: int) -> bool:
    """DynamoDB deletes expired items days later; for a reader they are gone at once."""
    at = expiry_of(item)
    return at is not None and at < now_s


def expiring(at: int, *, held: bool) -> dict[str, int]:
    """The attribute of an item that is gone for readers at an instant (s), and may stand under a legal hold."""
    return {HELD if held else EXPIRES: at}
