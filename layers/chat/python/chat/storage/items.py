"""Items of DynamoDB: as it writes them, and as what they are."""

from collections.abc import Mapping
from typing import Any

from chat.rules.models import Item, Message
from chat.rules.rooms import Room


def key(partition_key: str, sort_key: str) -> Item:
    return {"PK": {"S": partition_key}, "SK": {"S": sort_key}}


def values(plain: Mapping[str, Any]) -> Item:
    """Strings and whole numbers as DynamoDB writes them."""
    return {
        name: {"S": value} if isinstance(value, str) else {"N": str(value)} for name, value in plain.items()
    }


def to_message(room: Room, item: Item) -> Message:
    """The message in an item of the room's partition. A guild's messages hold `guildId` in place of
    `roomId`."""
    message: Message = Message.of(item | {"roomId": {"S": room.id}})
    return message


def is_expired(item: Item, now_s: int) -> bool:
    """DynamoDB deletes expired items days later; for a reader they are gone at once."""
    return "expiresAt" in item and int(item["expiresAt"]["N"]) < now_s
