"""A message that has expired, is past the room's retention or has no number is not to be had: nobody edits or
removes it."""

from collections.abc import Callable
from typing import Any

import pytest

from chat.deployment import Deployment
from chat.rules.errors import InvalidInput, NotAllowed
from chat.rules.models import Message
from chat.rules.rooms import Room
from chat.storage import keys
from chat.storage.items import key
from simulator.settings import TABLES
from tests.guarantees.support.fixtures import (
    DAY_MS,
    FAST,
    Clock,
    change_room,
    edit,
    new_room,
    process,
    remove,
    send,
)

Change = Callable[[Deployment, Message], Message]
CHANGES: dict[str, Change] = {
    "editMessage": lambda deployment, message: edit(deployment, message, "uno"),
    "removeMessage": remove,
}
each_change = pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)


def update(client: Any, room_id: str, sort_key: str, expression: str, **values: int) -> None:
    client.update_item(
        TableName=TABLES["CORE_TABLE"],
        Key=key(Room.parse(room_id).partition_key, sort_key),
        UpdateExpression=expression,
        **(
            {"ExpressionAttributeValues": {f":{n}": {"N": str(v)} for n, v in values.items()}}
            if values
            else {}
        ),
    )


def sort_key(message: Message) -> str:
    return keys.message(message.ts, message.id)


@each_change
def test_a_message_is_changed_in_its_last_second_and_no_later(
    client: Any, clock: Clock, change: Change
) -> None:
    room, deployment = new_room(client, "ann"), process(client, clock)
    last, gone = send(deployment, room, "ann", "one"), send(deployment, room, "ann", "two")
    second = clock.now() // 1_000
    update(client, room, sort_key(last), "SET expiresAt = :at", at=second)
    update(client, room, sort_key(gone), "SET expiresAt = :at", at=second - 1)
    assert change(deployment, last).id == last.id
    with pytest.raises(InvalidInput):
        change(deployment, gone)


@each_change
def test_a_message_is_changed_in_the_last_millisecond_of_a_retention_and_no_later(
    client: Any, clock: Clock, change: Change
) -> None:
    room, deployment = new_room(client, "ann"), process(client, clock)
    gone = send(deployment, room, "ann", "one")
    clock.jump(1)
    last = send(deployment, room, "ann", "two")
    assert last.ts == gone.ts + 1
    change_room(client, room, retentionDays=7)
    clock.jump(7 * DAY_MS)
    assert change(deployment, last).id == last.id
    with pytest.raises(InvalidInput):
        change(deployment, gone)


@each_change
def test_a_message_without_a_number_is_not_changed(client: Any, clock: Clock, change: Change) -> None:
    room, deployment = new_room(client, "ann"), process(client, clock)
    sent = send(deployment, room, "ann", "one")
    update(client, room, sort_key(sent), "REMOVE seq")
    with pytest.raises(InvalidInput):
        change(deployment, sent)


@each_change
def test_nothing_is_changed_in_a_room_that_is_not_adopted(client: Any, clock: Clock, change: Change) -> None:
    room, deployment = new_room(client, "ann", settings=FAST), process(client, clock)
    sent = send(deployment, room, "ann", "one")
    client.delete_item(TableName=TABLES["CORE_TABLE"], Key=key(Room.parse(room).partition_key, keys.HEAD))
    with pytest.raises(NotAllowed) as caught:
        change(deployment, sent)
    assert caught.value.values == {"reason": "notMigrated"}
