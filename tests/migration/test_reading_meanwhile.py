"""While a room is adopted nobody reads a message twice or misses one."""

from typing import Any

import pytest

from chat.rules.gaps import GAP_PATIENCE_MS
from chat.storage import keys
from tests.guarantees.support.fixtures import (
    NOON,
    Clock,
    delete_message,
    follow,
    process,
    read,
    send,
)
from tests.migration.old import (
    MILLISECOND,
    ORDERS,
    SECOND,
    Crashed,
    CrashingClient,
    Interrupting,
    Old,
    adopt,
    count_of_writes,
    mixture,
    old_room,
    ordered,
    partition,
    read_ids,
)


@pytest.mark.parametrize("order", ORDERS)
def test_in_every_phase_all_messages_are_read_once_and_cursors_go_on(client: Any, order: str) -> None:
    """After each write somebody reads everything, somebody starts to read, and all who have started read on."""
    messages = mixture()
    room = old_room(client, messages, "ann")
    readers: list[tuple[list[str], list[str | None]]] = []

    def all_read() -> None:
        assert read_ids(client, room, order) == ordered(messages, order)
        readers.append(([], [None]))
        for got, token in readers:
            if got and token[0] is None:
                continue
            page = read(process(client, Clock()), room.id, "ann", order=order, limit=1, nextToken=token[0])
            got += [message.id for message in page.items]
            token[0] = page.next_token

    adopt(CrashingClient(client, between=all_read), room)
    for got, token in readers:
        while token[0]:
            page = read(process(client, Clock()), room.id, "ann", order=order, limit=1, nextToken=token[0])
            got += [message.id for message in page.items]
            token[0] = page.next_token
        assert got == ordered(messages, order)
    assert len(readers) > 12


@pytest.mark.parametrize("order", ORDERS)
def test_a_cursor_goes_on_where_its_message_is_gone(client: Any, order: str) -> None:
    """Read up to a message, then it is adopted, and deleted by TTL or an erasure."""
    messages = mixture(5)
    for count in range(1, 5):
        room = old_room(client, messages, "ann")
        first = read(process(client, Clock()), room.id, "ann", order=order, limit=count)
        adopt(client, room)
        gone = next(
            sort_key
            for sort_key, item in partition(client, room).items()
            if item.get("id") == {"S": first.items[-1].id}
        )
        delete_message(client, room.id, gone)
        rest = read(process(client, Clock()), room.id, "ann", order=order, nextToken=first.next_token)
        assert [message.id for message in (*first.items, *rest.items)] == ordered(messages, order)


def test_a_cursor_goes_on_to_what_was_sent_since_where_all_that_was_left_is_gone(client: Any) -> None:
    messages = mixture(5)
    room = old_room(client, messages, "ann")
    ours = process(client, Clock())
    first = read(ours, room.id, "ann", order="OLDEST_FIRST", limit=3)
    adopt(client, room)
    for sort_key in sorted(partition(client, room))[-3:]:
        delete_message(client, room.id, sort_key)
    sent = send(ours, room.id, "ann", "hi")
    later = process(client, Clock(NOON + GAP_PATIENCE_MS))  # until then the gap might still be filled
    rest = read(later, room.id, "ann", order="OLDEST_FIRST", nextToken=first.next_token)
    assert [message.seq for message in rest.items] == [sent.seq]


@pytest.mark.parametrize("order", ORDERS)
def test_old_items_that_are_not_removed_yet_do_not_empty_a_page(client: Any, order: str) -> None:
    """Keys of dates sort behind all others, so that newest first would have to read past every one of them."""
    start = (NOON - 86_400_000) * MILLISECOND
    room = old_room(client, [Old(start + each * SECOND, f"{each:02d}") for each in range(40)], "ann")
    with pytest.raises(Crashed):
        adopt(CrashingClient(client, 3), room, batch=40)
    assert keys.HEAD in partition(client, room)
    (message,) = read(process(client, Clock()), room.id, "ann", order=order, limit=1).items
    assert message.seq == (1 if order == "OLDEST_FIRST" else 40)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("stop", [None, "before the switch", "after the switch"])
def test_a_room_may_be_adopted_between_any_two_requests_of_a_reader(
    client: Any, order: str, stop: str | None
) -> None:
    messages = mixture(7)
    writes = count_of_writes(client, messages)
    for number in range(1, 40):
        room = old_room(client, messages, "ann")
        if stop == "before the switch":
            with pytest.raises(Crashed):
                adopt(CrashingClient(client, 3), room)
        elif stop == "after the switch":
            with pytest.raises(Crashed):
                adopt(CrashingClient(client, writes - 2), room)
        interrupting = Interrupting(client, number, lambda room=room: adopt(client, room))  # type: ignore[misc]
        ours = process(interrupting, Clock())
        got = [message.id for message in follow(ours, room.id, "ann", order=order, limit=3)]
        assert got == ordered(messages, order)
        if not interrupting.acted:
            break
    else:
        pytest.fail("the reader never came to an end")
