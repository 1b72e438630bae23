"""Publish a message or a notice that is committed: AppSync gives the answer to the subscribers of `onMessage`.
Nothing is read and nothing stored."""

from collections.abc import Mapping
from typing import Any

from chat.rules.published_check import check_published, malformed
from chat.rules.rooms import Room


def publish_message(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Answers the `message` of `arguments`, the schema's `Message` with its `epoch`: the one in which it is to be heard.

    What is absent is null. Raises `InvalidInput`, whose `argument` is the path to what is wrong, for names that the schema does
    not have, for values of other types, and for what AppSync would not deliver.
    """
    message = check_published(arguments.get("message"), "message", "Message")
    room = Room.parse(message["roomId"], "message/roomId")
    for name, own in (("roomType", room.type), ("guildId", room.guild_id)):
        if message.get(name) not in (None, own):
            raise malformed(f"message/{name}")
    return message
