"""Publish what happens to a person: AppSync gives the answer to the subscribers of `onMine`. Nothing is read and nothing
stored."""

from collections.abc import Mapping
from typing import Any

from chat.rules.published_check import check_published, malformed
from chat.rules.rooms import Room, is_user_id

OF_NO_ROOM = ("MOVED", "DATA_REQUESTED")


def publish_mine(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Answers the `event` of `arguments`, the schema's `PersonEvent` with its `epoch`: the person's own one, in which it is to
    be heard. What is absent is null.

    Raises `InvalidInput`, whose `argument` is the path to what is wrong, as `publish_message` does, and for one of
    `OF_NO_ROOM` that names a room.
    """
    event = check_published(arguments.get("event"), "event", "PersonEvent")
    if not is_user_id(event["userId"]):
        raise malformed("event/userId")
    if event.get("roomId") is not None:
        Room.parse(event["roomId"], "event/roomId")
        if event["kind"] in OF_NO_ROOM:
            raise malformed("event/roomId")
    return event
