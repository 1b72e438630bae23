"""Whatever goes wrong on the way, a send is stored once or refused by
name, and a retry finds or stores it once."""

import threading
from typing import Any

import pytest

from chat.rules.errors import RateLimited, ServiceUnavailable
from chat.rules.tally import Tally
from tests.conftest import Eventually
from tests.guarantees.support import proxy as faults
from tests.guarantees.support.faults import ALL, LOST
from tests.guarantees.support.fixtures import Clock, new_room, numbers, process, send, stored
from tests.guarantees.support.proxy import Exchange, Fault, Proxy


@pytest.mark.parametrize("fault", ALL)
def test_a_fault_is_tried_again_and_the_message_is_stored_once(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock, fault: Fault
) -> None:
    room = new_room(client, "ann")
    ours = process(proxied, clock)
    proxy.once("TransactWriteItems", fault, fault)
    sent = send(ours, room, "ann", "once", "m1")
    assert [(each["text"], each["seq"]) for each in stored(client, room)] == [("once", 1)]
    again = send(process(client, clock), room, "ann", "once", "m1")
    assert again == sent
    assert send(ours, room, "ann", "next").seq == 2
    assert numbers(client, room) == [1, 2]


@pytest.mark.parametrize("operation", ["BatchGetItem", "TransactWriteItems"])
@pytest.mark.parametrize("fault", [faults.error("ThrottlingException"), faults.conflict(2)])
def test_what_does_not_pass_ends_at_the_deadline_and_a_later_retry_succeeds(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock, operation: str, fault: Fault
) -> None:
    room = new_room(client, "ann")
    ours = process(proxied, clock)
    proxy.always(operation, fault)
    with pytest.raises(ServiceUnavailable):
        send(ours, room, "ann", "hi", "m1")
    assert 1.5 < clock.seconds <= 2
    proxy.heal()
    assert send(ours, room, "ann", "hi", "m1").seq == 1
    assert numbers(client, room) == [1]


@pytest.mark.parametrize("fault", LOST)
def test_a_message_whose_call_gave_up_is_found_by_the_retry(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock, fault: Fault
) -> None:
    """Even where the sender is over the limit by then, and the process knows it from memory."""
    room = new_room(client, "ann", settings={"personPerSecond": 0.1, "personBurst": 2})
    ours = process(proxied, clock)
    send(ours, room, "ann", "first", "m0")
    proxy.once("TransactWriteItems", fault)
    proxy.always("TransactWriteItems", faults.error("ThrottlingException"))
    proxy.always("GetItem", faults.error("ThrottlingException"))
    with pytest.raises(ServiceUnavailable):
        send(ours, room, "ann", "second", "m1")
    assert numbers(client, room) == [1, 2]
    proxy.heal()
    with pytest.raises(RateLimited):
        send(ours, room, "ann", "third", "m2")
    assert send(ours, room, "ann", "second", "m1").seq == 2
    assert send(process(client, clock), room, "ann", "second", "m1").seq == 2
    assert numbers(client, room) == [1, 2]


@pytest.mark.parametrize("fault", LOST)
@pytest.mark.parametrize("jump", [0, -5_000, 5_000])
def test_an_unnamed_message_is_not_refused_for_its_own_rate(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock, fault: Fault, jump: int
) -> None:
    """The first attempt took the sender's only token and was stored; the
    second must find it, not refuse it."""
    room = new_room(client, "ann", settings={"personPerSecond": 0.1, "personBurst": 1})

    def fault_and_jump(exchange: Exchange) -> None:
        fault(exchange)
        clock.jump(jump)

    proxy.once("TransactWriteItems", fault_and_jump)
    proxy.always("TransactWriteItems", faults.first_reason_alone)
    tally = Tally()
    assert send(process(proxied, clock), room, "ann", "hi", tally=tally).seq == 1
    assert "Repeats" not in tally
    assert numbers(client, room) == [1]


def test_a_request_that_arrives_after_its_retry_stores_nothing_more(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock, eventually: Eventually
) -> None:
    room = new_room(client, "ann", "bob")
    released, arrived = threading.Event(), []

    def late(exchange: Exchange) -> None:
        released.wait(faults.LONGEST_WAIT_S)
        arrived.append(exchange.forward()[0])

    proxy.once("TransactWriteItems", late)
    sent = send(process(proxied, clock), room, "ann", "hi", "m1")
    assert send(process(client, clock), room, "bob", "hello").seq == 2
    released.set()
    eventually(lambda: arrived)
    assert arrived == [400]
    assert [(sent.id, 1), ("hello", 2)] == [
        (each["id"] if each["seq"] == 1 else each["text"], each["seq"]) for each in stored(client, room)
    ]


@pytest.mark.parametrize("operation", ["GetItem", "BatchGetItem"])
@pytest.mark.parametrize(
    "fault",
    [
        faults.error("ThrottlingException"),
        faults.lost_answer,
        faults.truncated_answer,
        faults.refused_connection,
    ],
)
def test_a_repeat_survives_faults_of_its_reads(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock, operation: str, fault: Fault
) -> None:
    room = new_room(client, "ann")
    ours = process(proxied, clock)
    sent = send(ours, room, "ann", "hi", "m1")
    proxy.once(operation, fault, fault)
    assert send(ours, room, "ann", "hi", "m1") == sent
    assert numbers(client, room) == [1]


def test_keys_that_were_not_read_are_not_taken_for_missing(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock
) -> None:
    room = new_room(client, "ann")
    proxy.once("BatchGetItem", faults.unprocessed, faults.unprocessed)
    assert send(process(proxied, clock), room, "ann", "hi").seq == 1


def test_a_repeat_has_one_deadline_for_all_its_requests(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock
) -> None:
    room = new_room(client, "ann")
    send(process(client, clock), room, "ann", "hi", "m1")
    proxy.once("BatchGetItem", *[faults.error("ThrottlingException")] * 8)
    proxy.always("GetItem", faults.error("ThrottlingException"))
    with pytest.raises(ServiceUnavailable):
        send(process(proxied, clock), room, "ann", "hi", "m1")
    assert clock.seconds <= 2


@pytest.mark.parametrize("jump", [-5_000, 5_000])
def test_instants_rise_with_numbers_though_the_clock_jumps(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock, jump: int
) -> None:
    """Between sends, and between a send's own attempts."""
    room = new_room(client, "ann", "bob", settings={"personBurst": 100, "roomPerSecond": 1000})

    def conflict_and_jump(exchange: Exchange) -> None:
        faults.conflict(2)(exchange)
        clock.jump(jump)

    ours, theirs = process(proxied, clock), process(client, clock)
    for count in range(3):
        send(ours, room, "ann", f"a{count}", f"a{count}")
        clock.jump(jump)
        proxy.once("TransactWriteItems", conflict_and_jump)
        send(ours, room, "ann", f"b{count}", f"b{count}")
        clock.jump(-jump)
        send(theirs, room, "bob", f"c{count}", f"c{count}")
        clock.jump(1_000)
    kept = stored(client, room)
    assert list(range(1, 10)) == [each["seq"] for each in kept]
    instants = [each["ts"] for each in kept]
    assert instants == sorted(set(instants))
    assert instants == [int(each["SK"].split("#")[1]) for each in kept]
