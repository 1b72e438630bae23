"""Adopting a room: whatever happens on the way, the end is the same."""

import threading
from contextlib import suppress
from typing import Any

import pytest

from chat.rules.models import Item
from chat.rules.rooms import Room
from chat.storage import keys
from tests.guarantees.support.fixtures import (
    NOON,
)
from tests.migration.old import (
    ENOUGH,
    MILLISECOND,
    ORDERS,
    SECOND,
    Crashed,
    CrashingClient,
    Form,
    Interrupting,
    Old,
    adopt,
    count_of_writes,
    mixture,
    normal,
    old_room,
    ordered,
    partition,
    put,
    read_ids,
)


def test_killed_before_any_write_and_started_again_it_comes_to_the_same(client: Any) -> None:
    messages = mixture()
    clean = old_room(client, messages, "ann")
    adopt(client, clean)
    goal = normal(partition(client, clean), clean)
    writes = count_of_writes(client, messages)
    assert writes > 12
    for count in range(writes):
        room = old_room(client, messages, "ann")
        with pytest.raises(Crashed):
            adopt(CrashingClient(client, count), room)
        for order in ORDERS:
            assert read_ids(client, room, order) == ordered(messages, order)
        adopt(client, room)
        assert normal(partition(client, room), room) == goal


def test_killed_again_and_again_it_gets_there(client: Any) -> None:
    messages = mixture()
    clean, room = old_room(client, messages, "ann"), old_room(client, messages, "ann")
    adopt(client, clean)
    crashes = 0
    while True:
        try:
            adopt(CrashingClient(client, 1), room)
            break
        except Crashed:
            crashes += 1
    assert crashes > 12
    assert normal(partition(client, room), room) == normal(partition(client, clean), clean)


def test_two_runs_at_once_come_to_the_same(client: Any) -> None:
    """In turns, however their writes fall: each time one has written, the other runs to its end."""
    messages = mixture(8)
    clean = old_room(client, messages, "ann")
    adopt(client, clean)
    goal = normal(partition(client, clean), clean)
    for number in range(1, count_of_writes(client, messages) + 1):
        room = old_room(client, messages, "ann")
        left = [number]

        def other(room: Room = room, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] == 0:
                adopt(client, room, now=lambda: NOON + 5)

        assert adopt(CrashingClient(client, between=other), room).outcome == "adopted"
        found = normal(partition(client, room), room)
        told = found[keys.event(1)]
        assert told["ts"] == found[keys.HEAD]["adoptedAt"]
        found[keys.HEAD]["adoptedAt"] = goal[keys.HEAD]["adoptedAt"]
        told |= {name: goal[keys.event(1)][name] for name in ("ts", "expiresAt")}
        assert found == goal


def test_two_runs_in_parallel_come_to_the_same(client: Any) -> None:
    messages = mixture(30)
    clean, room = old_room(client, messages, "ann"), old_room(client, messages, "ann")
    adopt(client, clean)
    outcomes: list[str] = []
    threads = [
        threading.Thread(target=lambda: outcomes.append(adopt(client, room).outcome)) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert "failed" not in outcomes
    assert len(outcomes) == 2
    assert normal(partition(client, room), room) == normal(partition(client, clean), clean)


def test_a_message_that_comes_meanwhile_is_numbered_in_its_place(client: Any) -> None:
    """An old writer goes on until the switch; the copies of the first plan do not stay."""
    messages = mixture(9)
    early = Old((NOON - 86_400_000) * MILLISECOND, "00a", Form("milliseconds"), Form("iso", 9))
    clean = old_room(client, [*messages, early], "ann")
    adopt(client, clean)
    goal = normal(partition(client, clean), clean)
    switch = count_of_writes(client, messages) - 7  # what follows it are removals, two at a time, and the end
    for number in range(1, switch):
        room = old_room(client, messages, "ann")
        left = [number]

        def writer(room: Room = room, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] == 0:
                put(client, room, early.item(room))

        report = adopt(CrashingClient(client, between=writer), room)
        assert (report.outcome, report.messages) == ("adopted", 10)
        assert normal(partition(client, room), room) == goal


def test_a_message_that_was_numbered_in_its_place_gives_way_to_one_that_comes_meanwhile(client: Any) -> None:
    instant = (NOON - 60_000) * MILLISECOND
    messages = [Old(instant, "m5", Form("milliseconds")), Old(instant + SECOND, "m6", Form("milliseconds"))]
    earlier = Old(instant, "m4", Form("milliseconds"), Form("milliseconds"))
    clean = old_room(client, [*messages, earlier], "ann")
    adopt(client, clean)
    room = old_room(client, messages, "ann")
    with pytest.raises(Crashed):
        adopt(CrashingClient(client, 2), room)
    assert "seq" in partition(client, room)[messages[0].sort_key]
    put(client, room, earlier.item(room))
    for order in ORDERS:
        assert read_ids(client, room, order) == ordered([*messages, earlier], order)
    adopt(client, room)
    assert normal(partition(client, room), room) == normal(partition(client, clean), clean)


@pytest.mark.parametrize("writes", [1, 3, 5, 7, 9, ENOUGH])
def test_a_run_that_was_overtaken_does_no_harm(client: Any, writes: int) -> None:
    """It pauses before any of its requests. Meanwhile an old writer writes, and another run continues, to its end
    or to a crash: what the first one knows is out of date."""
    messages = mixture(5)
    early = Old((NOON - 86_400_000) * MILLISECOND, "00a", Form("milliseconds"), Form("iso", 9))
    goals: dict[int, dict[str, Item]] = {}
    for size, others in ((5, []), (6, [early])):
        clean = old_room(client, [*messages, *others], "ann")
        adopt(client, clean)
        goals[size] = normal(partition(client, clean), clean)
    for number in range(1, 60):
        room = old_room(client, messages, "ann")
        count = [5]

        def meanwhile(room: Room = room, count: list[int] = count) -> None:
            if keys.HEAD not in partition(client, room):
                put(client, room, early.item(room))
                count[0] = 6
            with suppress(Crashed):
                adopt(CrashingClient(client, writes), room)

        interrupting = Interrupting(client, number, meanwhile)
        adopt(interrupting, room)
        adopt(client, room)
        assert normal(partition(client, room), room) == goals[count[0]]
        if not interrupting.acted:
            return
    pytest.fail("the run never came to an end")
