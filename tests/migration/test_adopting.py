"""Adopting a room: whatever happens on the way, the end is the same, and nobody reads a message twice or misses one."""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings

from chat import keys
from chat.items import values
from chat.models import Caller, Item
from chat.on_message import on_message
from chat.rooms import Room
from tests.guarantees.world import (
    DAY_MS,
    FAST,
    NOON,
    Clock,
    change_room,
    delete_message,
    follow,
    new_room,
    process,
    read,
    send,
)
from tests.migration.old import (
    ENOUGH,
    MILLISECOND,
    ROOMS,
    SECOND,
    Form,
    Killed,
    Mortal,
    Old,
    adopt,
    expected,
    mixture,
    old_room,
    partition,
    put,
)

ORDERS = ("OLDEST_FIRST", "NEWEST_FIRST")


def ordered(messages: list[Old], order: str) -> list[str]:
    return expected(messages) if order == "OLDEST_FIRST" else expected(messages)[::-1]


def whole(client: Any, room: Room, order: str, limit: int = 4) -> list[str]:
    ours = process(client, Clock())
    return [message.id for message in follow(ours, room.id, "ann", order=order, limit=limit)]


def normal(items: dict[str, Item], room: Room) -> dict[str, Item]:
    """A partition as if its room were called `room`."""
    own = {"PK": {"S": "room"}, "roomId": {"S": "room"}}
    return {
        sort_key: {name: own.get(name, value) for name, value in item.items()}
        for sort_key, item in items.items()
    }


# the end


@given(messages=ROOMS)
@settings(max_examples=30)
def test_messages_are_numbered_in_order_of_their_instants(client: Any, messages: list[Old]) -> None:
    room = old_room(client, messages, "ann")
    report = adopt(client, room)
    items = partition(client, room)
    head = items.pop(keys.HEAD)
    items.pop(keys.roster("ann"))
    assert keys.ADOPTION not in items
    in_order = sorted(messages, key=lambda each: each.order)
    found = [items[sort_key] for sort_key in sorted(items)]
    assert [item["id"]["S"] for item in found] == [each.id for each in in_order]
    assert [int(item["seq"]["N"]) for item in found] == list(range(1, len(messages) + 1))
    last = -1
    for item, old in zip(found, in_order, strict=True):
        ts = int(item["ts"]["N"])
        assert ts == max(old.known // MILLISECOND, last + 1)
        assert item["SK"]["S"] == f"MSG#{ts:013d}#{old.id}"
        assert item["text"]["S"] == f"text of {old.id}"
        assert item["adoptedFrom"]["S"] == old.sort_key
        assert int(item["expiresAt"]["N"]) == (ts + 365 * DAY_MS) // 1_000
        last = ts
    assert (head["seq"]["N"], head["ts"]["N"]) == (str(len(messages)), str(last))
    assert (report.outcome, report.messages) == ("adopted", len(messages))
    assert report.moved == sum(
        int(item["ts"]["N"]) != old.known // MILLISECOND for item, old in zip(found, in_order, strict=True)
    )
    assert report.rewritten_keys == sum(
        item["SK"]["S"] != old.sort_key for item, old in zip(found, in_order, strict=True)
    )


@pytest.mark.parametrize("prefix", ["", "GUILD#"])
def test_an_adopted_room_is_as_every_room(client: Any, prefix: str) -> None:
    messages = mixture()
    room = old_room(client, messages, "ann", prefix=prefix)
    adopt(client, room)
    change_room(client, room.id, **FAST)
    ours = process(client, Clock())
    sent = send(ours, room.id, "ann", "hi", "m1")
    assert (sent.seq, sent.epoch) == (len(messages) + 1, 1)
    assert send(ours, room.id, "ann", "hi", "m1") == sent
    on_message(ours, Caller("ann"), {"roomId": room.id, "epoch": 1})
    page = read(ours, room.id, "ann", order="OLDEST_FIRST", limit=100)
    assert [message.seq for message in page.items] == list(range(1, len(messages) + 2))
    assert [message.id for message in page.items] == [*expected(messages), sent.id]
    assert {message.room_type for message in page.items} == {room.type}
    assert {message.epoch for message in page.items} == {1}
    assert page.head.seq == sent.seq


def test_a_numbered_copy_is_never_written_over_a_message_that_still_stands(client: Any) -> None:
    """The same id under the same instant, in two forms: the copy of the one would have the key of the other."""
    instant = (NOON - 60_000) * MILLISECOND
    room = old_room(
        client,
        [Old(instant, "x", Form("seconds")), Old(instant, "x", Form("milliseconds"))],
        "ann",
    )
    adopt(client, room)
    found = {sk: item for sk, item in partition(client, room).items() if sk.startswith("MSG#")}
    assert sorted(item["seq"]["N"] for item in found.values()) == ["1", "2"]
    assert sorted(item["adoptedFrom"]["S"][:15] for item in found.values()) == [
        "MSG#1799999940#",
        "MSG#17999999400",
    ]


def test_attributes_of_others_are_carried_along_and_ours_are_not_believed(client: Any) -> None:
    message = Old((NOON - 60_000) * MILLISECOND, "x")
    room = old_room(client, [], "ann")
    put(client, room, message.item(room) | {"mood": {"S": "good"}, "rev": {"S": "three"}, "tags": {"L": []}})
    adopt(client, room)
    (found,) = read(process(client, Clock()), room.id, "ann").items
    item = partition(client, room)[keys.message(found.ts, "x")]
    assert (item["mood"], item["tags"], found.rev) == ({"S": "good"}, {"L": []}, None)


# on the way


def test_a_dry_run_changes_nothing_and_says_what_would_happen(client: Any) -> None:
    room = old_room(client, mixture(), "ann")
    before = partition(client, room)
    tried = adopt(client, room, dry_run=True)
    assert partition(client, room) == before
    done = adopt(client, room)
    assert tried.outcome == "wouldAdopt"
    for name in ("messages", "first", "last", "rewritten_keys", "moved", "without_offset", "contradictory"):
        assert getattr(tried, name) == getattr(done, name)
    assert adopt(client, room, dry_run=True).outcome == "alreadyAdopted"


def count_of_writes(client: Any, messages: list[Old]) -> int:
    room = old_room(client, messages, "ann")
    counted = Mortal(client)
    start = counted.life
    adopt(counted, room)
    return start - counted.life


def test_killed_before_any_write_and_started_again_it_comes_to_the_same(client: Any) -> None:
    messages = mixture()
    clean = old_room(client, messages, "ann")
    adopt(client, clean)
    goal = normal(partition(client, clean), clean)
    writes = count_of_writes(client, messages)
    assert writes > 12
    for life in range(writes):
        room = old_room(client, messages, "ann")
        with pytest.raises(Killed):
            adopt(Mortal(client, life), room)
        for order in ORDERS:
            assert whole(client, room, order) == ordered(messages, order)
        adopt(client, room)
        assert normal(partition(client, room), room) == goal


def test_killed_again_and_again_it_gets_there(client: Any) -> None:
    messages = mixture()
    clean, room = old_room(client, messages, "ann"), old_room(client, messages, "ann")
    adopt(client, clean)
    deaths = 0
    while True:
        try:
            adopt(Mortal(client, 1), room)
            break
        except Killed:
            deaths += 1
    assert deaths > 12
    assert normal(partition(client, room), room) == normal(partition(client, clean), clean)


@pytest.mark.parametrize("order", ORDERS)
def test_in_every_phase_all_messages_are_read_once_and_cursors_go_on(client: Any, order: str) -> None:
    """After each write somebody reads everything, somebody starts to read, and all who have started read on."""
    messages = mixture()
    room = old_room(client, messages, "ann")
    readers: list[tuple[list[str], list[str | None]]] = []

    def all_read() -> None:
        assert whole(client, room, order) == ordered(messages, order)
        readers.append(([], [None]))
        for got, token in readers:
            if got and token[0] is None:
                continue
            page = read(process(client, Clock()), room.id, "ann", order=order, limit=1, nextToken=token[0])
            got += [message.id for message in page.items]
            token[0] = page.next_token

    adopt(Mortal(client, between=all_read), room)
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


@pytest.mark.parametrize("order", ORDERS)
def test_old_items_that_are_not_removed_yet_do_not_empty_a_page(client: Any, order: str) -> None:
    """Keys of dates sort behind all others, so that newest first would have to read past every one of them."""
    start = (NOON - 86_400_000) * MILLISECOND
    room = old_room(client, [Old(start + each * SECOND, f"{each:02d}") for each in range(40)], "ann")
    with pytest.raises(Killed):
        adopt(Mortal(client, 3), room, batch=40)
    assert keys.HEAD in partition(client, room)
    (message,) = read(process(client, Clock()), room.id, "ann", order=order, limit=1).items
    assert message.seq == (1 if order == "OLDEST_FIRST" else 40)


class Interrupting:
    """A client that does something, once, before its request of this number."""

    def __init__(self, client: Any, number: int, act: Callable[[], object]) -> None:
        self._client = client
        self._act = act
        self._left = number
        self._lock = threading.Lock()
        self.acted = False

    def __getattr__(self, name: str) -> Any:
        def request(**given: Any) -> Any:
            with self._lock:
                self._left -= 1
                if self._left == 0:
                    self._act()
                    self.acted = True
            return getattr(self._client, name)(**given)

        return request


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
            with pytest.raises(Killed):
                adopt(Mortal(client, 3), room)
        elif stop == "after the switch":
            with pytest.raises(Killed):
                adopt(Mortal(client, writes - 2), room)
        interrupting = Interrupting(client, number, lambda room=room: adopt(client, room))  # type: ignore[misc]
        ours = process(interrupting, Clock())
        got = [message.id for message in follow(ours, room.id, "ann", order=order, limit=3)]
        assert got == ordered(messages, order)
        if not interrupting.acted:
            break
    else:
        pytest.fail("the reader never came to an end")


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

        assert adopt(Mortal(client, between=other), room).outcome == "adopted"
        found = normal(partition(client, room), room)
        found[keys.HEAD]["adoptedAt"] = goal[keys.HEAD]["adoptedAt"]
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

        report = adopt(Mortal(client, between=writer), room)
        assert (report.outcome, report.messages) == ("adopted", 10)
        assert normal(partition(client, room), room) == goal


@pytest.mark.parametrize("life", [1, 3, 5, 7, 9, ENOUGH])
def test_a_run_that_was_overtaken_does_no_harm(client: Any, life: int) -> None:
    """It pauses before any of its requests. Meanwhile somebody writes, and another run goes on, to its end or to its own
    death: what the first one knows is out of date."""
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
            with suppress(Killed):
                adopt(Mortal(client, life), room)

        interrupting = Interrupting(client, number, meanwhile)
        adopt(interrupting, room)
        adopt(client, room)
        assert normal(partition(client, room), room) == goals[count[0]]
        if not interrupting.acted:
            return
    pytest.fail("the run never came to an end")


# what is left alone


def test_a_message_that_comes_after_the_switch_is_reported_and_hidden(client: Any) -> None:
    room = old_room(client, mixture(3), "ann")
    adopt(client, room)
    late = Old((NOON - 10) * MILLISECOND, "late", Form("milliseconds"))
    put(client, room, late.item(room))
    report = adopt(client, room)
    assert [(each.sort_key, each.reason) for each in report.skipped] == [(late.sort_key, "late")]
    assert late.sort_key in partition(client, room)
    for order in ORDERS:
        assert len(whole(client, room, order)) == 3


def test_what_is_no_message_is_reported_by_key_and_reason_and_stays(client: Any) -> None:
    room = old_room(client, mixture(3), "ann")
    bad = Old((NOON - 10) * MILLISECOND, "bad").item(room)
    nameless = {name: value for name, value in bad.items() if name != "senderId"}
    cases = {
        "MSG#yesterday#bad": (bad, "key"),
        "MSG#1799999999#": ({n: v for n, v in bad.items() if n != "id"}, "id"),
        "MSG#1799999999123#a": (nameless, "sender"),
        "MSG#1799999999#b": (bad | {"text": {"N": "1"}}, "text"),
        "MSG#2026-12-01T00:00:00Z#c": (bad | {"type": {"S": "Call"}}, "type"),
    }
    items = {sort_key: item | {"SK": {"S": sort_key}} for sort_key, (item, _) in cases.items()}
    put(client, room, *items.values())
    for _ in range(2):
        report = adopt(client, room)
        assert {each.sort_key: each.reason for each in report.skipped} == {
            k: why for k, (_, why) in cases.items()
        }
    stored = partition(client, room)
    assert {sort_key: stored[sort_key] for sort_key in items} == items
    assert [len(whole(client, room, order, limit=1)) for order in ORDERS] == [3, 3]


def test_a_room_of_ours_stays_as_it_is(client: Any) -> None:
    room = Room.parse(new_room(client, "ann"))
    send(process(client, Clock()), room.id, "ann", "hi")
    before = partition(client, room)
    assert adopt(client, room).outcome == "alreadyAdopted"
    assert partition(client, room) == before


@pytest.mark.parametrize(
    ("messages", "attributes", "why"),
    [
        ([Old((NOON - 366 * DAY_MS) * MILLISECOND, "x")], {}, "--retention-days 368 keeps them"),
        ([Old((NOON + 2 * DAY_MS) * MILLISECOND, "x")], {}, "dated in the future"),
        ([Old((NOON - 5_000) * MILLISECOND, "x")], {"seq": 7}, "have a seq already"),
    ],
    ids=["past the retention", "in the future", "numbered by somebody"],
)
def test_a_room_that_needs_a_decision_is_refused_untouched(
    client: Any, messages: list[Old], attributes: dict[str, int], why: str
) -> None:
    room = old_room(client, [], "ann")
    put(client, room, *(each.item(room) | values(attributes) for each in messages))
    before = partition(client, room)
    report = adopt(client, room)
    assert report.outcome == "refused"
    assert why in (report.why or "")
    assert partition(client, room) == before


def test_the_retention_that_was_named_keeps_what_was_refused(client: Any) -> None:
    room = old_room(client, [Old((NOON - 366 * DAY_MS) * MILLISECOND, "x")], "ann")
    assert adopt(client, room, retention_days=367).outcome == "adopted"
    assert whole(client, room, "OLDEST_FIRST") == ["x"]


def test_what_may_go_counts_and_goes(client: Any) -> None:
    old = [Old((NOON - 366 * DAY_MS) * MILLISECOND + each, f"x{each}") for each in range(3)]
    messages = [*old, *mixture(3)]
    goal = None
    for life in range(count_of_writes(client, messages) + 20):
        room = old_room(client, messages, "ann")
        try:
            report = adopt(Mortal(client, life), room, allow_expiry=True)
            assert report.past_retention == 3
        except Killed:
            adopt(client, room, allow_expiry=True)
        found = normal(partition(client, room), room)
        goal = goal or found
        assert found == goal
        page = read(process(client, Clock()), room.id, "ann", order="OLDEST_FIRST")
        assert [message.seq for message in page.items] == [4, 5, 6]
    assert goal
    assert len(goal) == 3 + 2  # head, roster


def test_contradictions_and_missing_offsets_are_counted(client: Any) -> None:
    room = old_room(client, [Old((NOON - 5_000) * MILLISECOND, "a", Form("iso", 3, None))], "ann")
    other = Old((NOON - 9_000) * MILLISECOND, "b").item(room)
    put(client, room, other | {"ts": {"N": str(NOON // 1_000 - 70)}})
    report = adopt(client, room)
    assert (report.without_offset, report.contradictory) == (1, 1)
    page = read(process(client, Clock()), room.id, "ann", order="OLDEST_FIRST")
    assert [(message.id, message.ts) for message in page.items] == [("b", NOON - 9_000), ("a", NOON - 5_000)]


def test_equal_instants_give_way_by_a_millisecond(client: Any) -> None:
    instant = (NOON - 60_000) * MILLISECOND
    messages = [Old(instant + each, f"m{9 - each}", Form("seconds"), Form("iso", 9)) for each in range(3)]
    room = old_room(client, [*messages, Old(instant + SECOND, "z", Form("seconds"))], "ann")
    assert adopt(client, room).moved == 2
    page = read(process(client, Clock()), room.id, "ann", order="OLDEST_FIRST")
    assert [(each.id, each.ts - NOON + 60_000) for each in page.items] == [
        ("m9", 0),
        ("m8", 1),
        ("m7", 2),
        ("z", 1_000),
    ]
