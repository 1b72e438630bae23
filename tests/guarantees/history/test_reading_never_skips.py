"""Whoever follows the cursor gets every message once, though messages
become visible out of order and answers fail."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest

from chat.operations.messages import HistoryPage
from chat.rules.errors import InvalidInput, NotRoomMember, ServiceUnavailable
from chat.rules.instants import to_wire
from chat.rules.models import Message
from tests.guarantees.support.fixtures import (
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
    remove_member,
    send,
    stored,
)
from tests.guarantees.support.proxy import (
    Fault,
    Proxy,
    error,
    garbled_answer,
    lost_answer,
    pass_on,
    truncated_answer,
)

FORWARD = {"order": "OLDEST_FIRST"}
NEWEST = {"order": "NEWEST_FIRST"}
BOTH = pytest.mark.parametrize("order", [FORWARD, NEWEST], ids=["forward", "newest first"])


def seqs(page: HistoryPage) -> list[int]:
    return [message.seq or 0 for message in page.items]


def a_room_of(client: Any, clock: Clock, count: int, gap_ms: int = 100) -> tuple[str, list[Message]]:
    """`count` messages, the last of them just now."""
    room = new_room(client, "ann")
    ours = process(client, clock)
    sent = []
    for number in range(1, count + 1):
        clock.jump(gap_ms)
        sent.append(send(ours, room, "ann", f"text {number}"))
    return room, sent


@pytest.mark.parametrize("hidden", [1, 3, 5, 6])
@pytest.mark.parametrize("limit", [1, 2, 50])
@BOTH
def test_a_message_that_shows_late_is_waited_for(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock, hidden: int, limit: int, order: Mapping[str, Any]
) -> None:
    """Message n is not visible while n+1, or a head that counts it, is."""
    room, _ = a_room_of(client, clock, 6)
    ours = process(proxied, clock)
    proxy.hidden.add(hidden)
    got: list[int] = []
    token, empty = None, 0
    while True:
        page = read(ours, room, "ann", **order, limit=limit, nextToken=token)
        got += seqs(page)
        token = page.next_token
        if token is None:
            break
        if not page.items:
            assert hidden not in got
            empty += 1
            if empty == 3:
                proxy.heal()
    expected = list(range(1, 7)) if order is FORWARD else list(range(6, 0, -1))
    assert got == expected


@pytest.mark.parametrize("hidden", [3, 4])
@BOTH
def test_a_late_message_is_waited_for_at_the_bounds_of_a_page(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock, hidden: int, order: Mapping[str, Any]
) -> None:
    """Where the gap's neighbours lie outside of the bounds, and where the page would be empty."""
    room, sent = a_room_of(client, clock, 6)
    for first, last in ((hidden, hidden), (hidden, 5), (2, hidden)):
        arguments = {
            **order,
            "after": to_wire(sent[first - 2].ts),
            "before": to_wire(sent[last].ts),
        }
        proxy.hidden.add(hidden)
        page = read(process(proxied, clock), room, "ann", **arguments)
        assert hidden not in seqs(page)
        assert page.next_token
        proxy.heal()
        rest = read(process(proxied, clock), room, "ann", **arguments, nextToken=page.next_token)
        assert sorted(seqs(page) + seqs(rest)) == list(range(first, last + 1))
        assert rest.next_token is None


@BOTH
def test_a_reread_finds_a_message_that_shows_meanwhile(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock, order: Mapping[str, Any]
) -> None:
    room, _ = a_room_of(client, clock, 4)
    proxy.hidden.add(3)

    def sleep_and_heal(seconds: float) -> None:
        clock.sleep(seconds)
        proxy.hidden.clear()

    page = read(process(proxied, clock, sleep=sleep_and_heal), room, "ann", **order)
    assert sorted(seqs(page)) == [1, 2, 3, 4]
    assert page.next_token is None


@BOTH
def test_an_old_gap_is_history_and_is_passed(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock, order: Mapping[str, Any]
) -> None:
    room, _ = a_room_of(client, clock, 6)
    for item in (stored(client, room)[2], stored(client, room)[5]):
        delete_message(client, room, item["SK"])
    clock.jump(10_000)
    proxy.operations.clear()
    page = read(process(proxied, clock), room, "ann", **order)
    assert sorted(seqs(page)) == [1, 2, 4, 5]
    assert page.next_token is None
    assert sorted(proxy.operations) == ["BatchGetItem", "Query"]


@BOTH
def test_a_cursor_reads_on_while_messages_come(client: Any, clock: Clock, order: Mapping[str, Any]) -> None:
    room, _ = a_room_of(client, clock, 5)
    ours = process(client, clock)
    got = []
    for message in follow(ours, room, "ann", **order, limit=2):
        got.append(message.seq)
        if len(got) in (1, 3, 5):
            send(ours, room, "ann", "meanwhile")
    expected = list(range(1, 9)) if order is FORWARD else list(range(5, 0, -1))
    assert got == expected


@BOTH
def test_pages_that_are_cut_at_a_megabyte_are_filled(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock, order: Mapping[str, Any]
) -> None:
    room = new_room(client, "ann")
    ours = process(client, clock)
    for number in range(130):
        send(ours, room, "ann", f"{number}" + "€" * 3_990)
        clock.jump(1)
    clock.jump(10_000)
    proxy.operations.clear()
    pages = [read(process(proxied, clock), room, "ann", **order, limit=100)]
    assert len(pages[0].items) == 100
    pages.append(
        read(process(proxied, clock), room, "ann", **order, limit=100, nextToken=pages[0].next_token)
    )
    got = [message.seq for page in pages for message in page.items]
    assert got == (list(range(1, 131)) if order is FORWARD else list(range(130, 0, -1)))
    assert pages[1].next_token is None
    assert proxy.operations.count("Query") > 2


@BOTH
def test_what_has_expired_is_not_shown(client: Any, clock: Clock, order: Mapping[str, Any]) -> None:
    """Though its item stands, by its own instant or by a retention that the room got later."""
    room = new_room(client, "ann", settings=FAST | {"retentionDays": 8})
    ours = process(client, clock)
    for number in range(12):
        clock.jump(DAY_MS)
        send(ours, room, "ann", f"day {number + 1}")
    fresh = process(client, clock)
    shown = sorted(message.seq or 0 for message in follow(fresh, room, "ann", **order, limit=3))
    assert shown == [4, 5, 6, 7, 8, 9, 10, 11, 12]
    change_room(client, room, retentionDays=7)
    for deployment in (fresh, process(client, clock)):
        shown = sorted(message.seq or 0 for message in follow(deployment, room, "ann", **order, limit=3))
        assert shown == [5, 6, 7, 8, 9, 10, 11, 12]
    change_room(client, room, retentionDays=30)
    clock.jump(2 * DAY_MS)
    for deployment in (fresh, process(client, clock)):
        shown = sorted(message.seq or 0 for message in follow(deployment, room, "ann", **order, limit=3))
        assert shown == [6, 7, 8, 9, 10, 11, 12]
    assert len(stored(client, room)) == 12


@BOTH
def test_many_expired_messages_end_a_page_and_not_the_reading(
    client: Any, clock: Clock, order: Mapping[str, Any]
) -> None:
    """Messages whose retention was short lie between the others, when a
    room's retention was lengthened since."""
    room = new_room(client, "ann")
    ours = process(client, clock)
    send(ours, room, "ann", "kept")
    change_room(client, room, retentionDays=7)
    for number in range(40):
        send(ours, room, "ann", f"short {number}")
    change_room(client, room, retentionDays=365)
    clock.jump(8 * DAY_MS)
    send(ours, room, "ann", "kept too")
    clock.jump(20_000)
    got = [message.text for message in follow(process(client, clock), room, "ann", **order, limit=1)]
    assert sorted(got, key=str) == ["kept", "kept too"]


@pytest.mark.parametrize(
    "fault", [error("InternalServerError", 500), lost_answer, truncated_answer, garbled_answer]
)
@pytest.mark.parametrize("operation", ["Query", "BatchGetItem"])
@BOTH
def test_a_read_that_failed_is_tried_again(
    proxy: Proxy,
    proxied: Any,
    client: Any,
    clock: Clock,
    operation: str,
    fault: Fault,
    order: Mapping[str, Any],
) -> None:
    room, _ = a_room_of(client, clock, 3)
    proxy.once(operation, fault)
    assert sorted(seqs(read(process(proxied, clock), room, "ann", **order))) == [1, 2, 3]


@pytest.mark.parametrize("operation", ["Query", "BatchGetItem"])
@BOTH
def test_reads_are_tried_again_within_one_deadline(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock, operation: str, order: Mapping[str, Any]
) -> None:
    room, _ = a_room_of(client, clock, 3)
    throttled = error("ThrottlingException")
    proxy.once(operation, throttled, throttled)
    assert len(read(process(proxied, clock), room, "ann", **order).items) == 3
    proxy.always(operation, throttled)
    started = clock.seconds
    with pytest.raises(ServiceUnavailable):
        read(process(proxied, clock), room, "ann", **order)
    assert clock.seconds - started <= 2


def test_the_waits_of_one_read_do_not_add_up(proxy: Proxy, proxied: Any, client: Any, clock: Clock) -> None:
    """The first read spends its time on throttling, and so does the one
    after it, which a recent gap makes needed."""
    room, _ = a_room_of(client, clock, 3)
    throttled = error("ThrottlingException")
    proxy.hidden.add(3)
    proxy.once("Query", *[throttled] * 9, pass_on, *[throttled] * 100)
    started = clock.seconds
    with pytest.raises(ServiceUnavailable):
        read(process(proxied, clock), room, "ann", **FORWARD)
    assert 1 < clock.seconds - started <= 2


def test_only_members_read(client: Any, clock: Clock) -> None:
    room, _ = a_room_of(client, clock, 2)
    ours = process(client, clock)
    assert len(read(ours, room, "ann").items) == 2
    remove_member(client, room, "ann")
    for room_id in (room, "nowhere"):
        with pytest.raises(NotRoomMember):
            read(ours, room_id, "ann")


def test_a_cursor_is_bound_to_room_order_and_bounds(client: Any, clock: Clock) -> None:
    room, _ = a_room_of(client, clock, 3)
    other, _ = a_room_of(client, clock, 3)
    ours = process(client, clock)
    after = to_wire(NOON)
    token = read(ours, room, "ann", limit=1, after=after).next_token
    assert seqs(read(ours, room, "ann", limit=1, after=after, nextToken=token)) == [2]
    assert seqs(read(ours, room, "ann", nextToken=token)) == [2, 1]
    conflicting: list[tuple[str, dict[str, Any]]] = [
        (other, {}),
        (room, FORWARD),
        (room, {"after": to_wire(NOON + 1)}),
        (room, {"before": to_wire(NOON + DAY_MS)}),
    ]
    for room_id, arguments in conflicting:
        with pytest.raises(InvalidInput):
            read(ours, room_id, "ann", **arguments, nextToken=token)


def test_bounds_are_exclusive_and_instants_rise(client: Any, clock: Clock) -> None:
    room, sent = a_room_of(client, clock, 5, gap_ms=1)
    ours = process(client, clock)
    bounds = {"after": to_wire(sent[1].ts), "before": to_wire(sent[4].ts)}
    assert seqs(read(ours, room, "ann", **FORWARD, **bounds)) == [3, 4]
    assert seqs(read(ours, room, "ann", **NEWEST, **bounds)) == [4, 3]
    assert all(one.ts < other.ts for one, other in pairwise(sent))
