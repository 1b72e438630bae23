"""Mentions in tests of functions: what the projection makes of a room's messages, and messages that mention."""

import uuid
from collections.abc import Sequence
from typing import Any

from chat.rules.models import Item
from chat.rules.rooms import Room
from chat.steps.mention_projection import MentionProjection
from tests.guarantees.support.fixtures import table_name
from tests.guarantees.support.projected import Projected, Stream
from tests.resolvers.harness import Harness


def images(harness: Harness, room_id: str) -> list[Item]:
    """The room's messages as they are stored now."""
    room = Room.parse(room_id)
    items = harness.partition(table_name(room), room.partition_key)
    return [item for item in items if item["SK"]["S"].startswith("MSG#")]


def project(harness: Harness, room_id: str, changed: Sequence[Item] | None = None) -> None:
    """Have the projection told of messages that were changed to this: all of the room's, as they are now."""
    stream, table = Stream(harness.client), table_name(Room.parse(room_id))
    projected = Projected(stream, [MentionProjection(harness.deployment)])
    records = [stream.record(table, image) for image in changed or images(harness, room_id)]
    assert projected.feed(records) is None
    assert projected.letters.put_aside == []


def mention(harness: Harness, room_id: str, *people: str, user: str = "alice", **more: Any) -> dict[str, Any]:
    """A message that mentions people, and with `mentionsAll` everybody."""
    event = harness.event(
        "Mutation.sendMessage",
        user,
        roomId=room_id,
        text="look",
        clientMessageId=f"c-{uuid.uuid4()}",
        mentions=list(people),
        **more,
    )
    answer: dict[str, Any] = harness.invoke(event)
    assert isinstance(answer, dict), answer
    return answer


def mentioned(harness: Harness, room_id: str, user: str) -> list[int]:
    """The numbers of the messages that an item says mention a user."""
    room = Room.parse(room_id)
    items = harness.partition(table_name(room), f"USER#{user}")
    prefix = f"MENTION#{room.partition_key}#"
    return [int(item["seq"]["N"]) for item in items if item["SK"]["S"].startswith(prefix)]
