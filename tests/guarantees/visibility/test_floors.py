"""Where somebody's history begins is a key: pages begin there, and what is hidden is not read through. A membership from before
it held the instant has it looked up, once, in a bounded number of requests."""

from typing import Any

import pytest

from chat.deployment import Deployment
from chat.rules.rooms import Room
from chat.storage import keys
from chat.storage.items import key
from tests.guarantees.support.fixtures import (
    FAST,
    Clock,
    change_member,
    new_room,
    process,
    read,
    send,
    table_name,
)

BEFORE, AFTER = 40, 7
HIDING: dict[str, int | float | str] = {**FAST, "historyFrom": "joining"}


def joined_late(client: Any, clock: Clock, *, keeps_instant: bool) -> tuple[Deployment, str]:
    """A room where bob joined after 40 messages, and seven came since."""
    deployment, room_id = process(client, clock), new_room(client, "ann", settings=HIDING)
    for number in range(BEFORE + AFTER):
        clock.jump(1 + 7_919 * number % 86_400_000)
        message = send(deployment, room_id, "ann", f"text {number}")
        if number == BEFORE - 1:
            instant = {"joinedTs": message.ts} if keeps_instant else {}
            change_member(client, room_id, "bob", status="active", role="member", joinedSeq=BEFORE, **instant)
    return process(client, clock), room_id


@pytest.mark.parametrize("keeps_instant", [True, False])
@pytest.mark.parametrize("order", ["NEWEST_FIRST", "OLDEST_FIRST"])
def test_pages_have_what_came_after_the_joining(
    client: Any, clock: Clock, order: str, *, keeps_instant: bool
) -> None:
    deployment, room_id = joined_late(client, clock, keeps_instant=keeps_instant)
    found, token = [], None
    for _ in range(AFTER):
        page = read(deployment, room_id, "bob", order=order, limit=2, nextToken=token)
        found += [message.seq for message in page.items]
        token = page.next_token
        if token is None:
            break
    assert token is None
    numbers = list(range(BEFORE + 1, BEFORE + AFTER + 1))
    assert found == (numbers if order == "OLDEST_FIRST" else numbers[::-1])


def test_a_floor_that_is_looked_up_is_looked_up_once(client: Any, clock: Clock) -> None:
    deployment, room_id = joined_late(client, clock, keeps_instant=False)
    queries: list[str] = []
    client.meta.events.register(
        "before-call.dynamodb.Query", lambda **_: queries.append("Query"), unique_id="floors"
    )
    try:
        read(deployment, room_id, "bob", order="OLDEST_FIRST")
        assert 3 < len(queries) <= 45
        queries.clear()
        read(deployment, room_id, "bob", order="OLDEST_FIRST")
        assert len(queries) <= 2
    finally:
        client.meta.events.unregister("before-call.dynamodb.Query", unique_id="floors")


@pytest.mark.parametrize("keeps_instant", [True, False])
def test_where_the_first_message_of_ones_own_is_gone_nothing_hidden_comes_for_it(
    client: Any, clock: Clock, *, keeps_instant: bool
) -> None:
    deployment, room_id = joined_late(client, clock, keeps_instant=keeps_instant)
    room, gone = (
        Room.parse(room_id),
        {message.seq: message for message in read(deployment, room_id, "ann", limit=100).items},
    )
    for seq in (BEFORE, BEFORE + 1):
        place = key(room.partition_key, keys.message(gone[seq].ts, gone[seq].id))
        client.delete_item(TableName=table_name(room), Key=place)
    page = read(process(client, clock), room_id, "bob", order="OLDEST_FIRST", limit=100)
    assert [message.seq for message in page.items] == list(range(BEFORE + 2, BEFORE + AFTER + 1))
