"""A repeat is judged by its proof, its message and a rate of its own, each to its last instant."""

from typing import Any

import pytest

from chat.rules.errors import Muted, RateLimited
from chat.rules.rooms import Room
from chat.storage import keys
from chat.storage.items import key
from simulator.settings import TABLES
from tests.guarantees.support.fixtures import (
    DAY_MS,
    Clock,
    change_member,
    change_room,
    new_room,
    process,
    send,
)


def expire(client: Any, partition_key: str, sort_key: str, at: int) -> None:
    """Let an item expire at an instant in seconds."""
    client.update_item(
        TableName=TABLES["CORE_TABLE"],
        Key=key(partition_key, sort_key),
        UpdateExpression="SET expiresAt = :at",
        ExpressionAttributeValues={":at": {"N": str(at)}},
    )


@pytest.mark.parametrize(("left_s", "is_repeat"), [(0, True), (-1, False)], ids=["its last second", "later"])
def test_a_proof_counts_up_to_its_last_second(
    client: Any, clock: Clock, left_s: int, is_repeat: bool
) -> None:
    room = new_room(client, "ann")
    sent = send(process(client, clock), room, "ann", "one", "n")
    proof = keys.sent(Room.parse(room).partition_key, "n")
    expire(client, keys.user_partition("ann"), proof, clock.now() // 1_000 + left_s)
    clock.jump(5)
    again = send(process(client, clock), room, "ann", "one", "n")
    assert (again.id == sent.id) == is_repeat
    assert again.seq == (1 if is_repeat else 2)


@pytest.mark.parametrize("left_s", [0, -1], ids=["its last second", "later"])
def test_who_is_muted_repeats_up_to_the_proofs_last_second(client: Any, clock: Clock, left_s: int) -> None:
    room = new_room(client, "ann")
    sent = send(process(client, clock), room, "ann", "one", "n")
    change_member(client, room, "ann", mutedUntil=clock.now() + DAY_MS)
    proof = keys.sent(Room.parse(room).partition_key, "n")
    expire(client, keys.user_partition("ann"), proof, clock.now() // 1_000 + left_s)
    if left_s < 0:
        with pytest.raises(Muted):
            send(process(client, clock), room, "ann", "one", "n")
    else:
        assert send(process(client, clock), room, "ann", "one", "n").id == sent.id


@pytest.mark.parametrize(("left_s", "text"), [(0, "one"), (-1, None)], ids=["its last second", "later"])
def test_a_repeat_answers_the_text_up_to_the_messages_last_second(
    client: Any, clock: Clock, left_s: int, text: str | None
) -> None:
    room = new_room(client, "ann")
    sent = send(process(client, clock), room, "ann", "one", "n")
    message_key = keys.message(sent.ts, sent.id)
    expire(client, Room.parse(room).partition_key, message_key, clock.now() // 1_000 + left_s)
    again = send(process(client, clock), room, "ann", "one", "n")
    assert (again.id, again.seq, again.ts, again.text) == (sent.id, 1, sent.ts, text)


@pytest.mark.parametrize(("late_ms", "text"), [(0, "one"), (1, None)], ids=["its last millisecond", "later"])
def test_a_repeat_answers_the_text_as_far_as_the_rooms_retention_leaves_it(
    client: Any, clock: Clock, late_ms: int, text: str | None
) -> None:
    room = new_room(client, "ann")
    sent = send(process(client, clock), room, "ann", "one", "n")
    change_room(client, room, retentionDays=7)
    clock.jump(7 * DAY_MS + late_ms)
    again = send(process(client, clock), room, "ann", "one", "n")
    assert (again.id, again.text) == (sent.id, text)


def test_a_process_grants_as_many_repeats_as_messages_to_the_microsecond(client: Any, clock: Clock) -> None:
    room = new_room(client, "ann", settings={"personPerSecond": 1, "personBurst": 2})
    sent = send(process(client, clock), room, "ann", "one", "n")
    deployment = process(client, clock)

    def repeat() -> str:
        return send(deployment, room, "ann", "one", "n").id

    def wait_ms() -> object:
        with pytest.raises(RateLimited) as caught:
            repeat()
        return caught.value.values["retryAfterMs"]

    assert [repeat(), repeat()] == [sent.id] * 2
    assert wait_ms() == 1_000
    clock.sleep(0.999_999)
    assert wait_ms() == 1
    clock.sleep(0.000_001)
    assert repeat() == sent.id
    assert wait_ms() == 1_000
