"""Whatever is lost on the way or comes at once, a marker ends at the
largest number, and no delivery counts twice."""

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chat.deployment import Deployment
from chat.operations.delivery import delivery
from chat.operations.heartbeat import heartbeat
from chat.operations.mark_delivered import mark_delivered
from chat.operations.mark_read import mark_read
from chat.rules.models import Caller
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.storage.places import receipts_place
from tests.guarantees.receipts.measured_member import (
    ADMIN,
    SendHeartbeat,
    ledger,
    new_user,
    receipts_of,
    send_alone,
    send_by_gateway,
)
from tests.guarantees.support import proxy as faults
from tests.guarantees.support.fixtures import NOON, Clock, change_room, new_room, process
from tests.guarantees.support.overtaken import Overtaken
from tests.guarantees.support.proxy import Exchange, Fault, Proxy, pass_on

LOST = [faults.lost_answer, faults.truncated_answer, faults.garbled_answer]
UNDONE = [faults.error("ThrottlingException"), faults.lost_request]


@pytest.fixture(params=[send_alone, send_by_gateway])
def send_heartbeat(request: pytest.FixtureRequest) -> SendHeartbeat:
    """In both ways."""
    found: SendHeartbeat = request.param
    return found


def test_marks_that_come_at_once_leave_the_largest(client: Any) -> None:
    bob = new_user()
    room = new_room(client, bob.user_id)
    change_room(client, room, seq=100)

    def run(seqs: list[int]) -> None:
        ours = process(client, Clock(), deadline_s=20)
        for seq in seqs:
            for verb in (mark_read, mark_delivered):
                verb(ours, bob, {"roomId": room, "seq": seq}, Tally())

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(run, ([seq, 100 - seq, seq + 7] for seq in (3, 20, 61, 89))))
    at = receipts_of(process(client, Clock()), Room.parse(room), bob)
    assert (at.last_read_seq, at.read_seq, at.delivered_seq) == (97, 97, 97)


@pytest.mark.parametrize("verb", [mark_read, mark_delivered])
def test_a_mark_that_was_overtaken_leaves_the_larger(
    client: Any, verb: Callable[[Deployment, Caller, Mapping[str, Any], Tally], Any]
) -> None:
    bob = new_user()
    room = new_room(client, bob.user_id)
    change_room(client, room, seq=100)

    def mark(by: Any, seq: int) -> None:
        verb(process(by, Clock()), bob, {"roomId": room, "seq": seq}, Tally())

    mark(client, 1)
    mark(Overtaken(client, lambda: mark(client, 50)), 5)
    at = receipts_of(process(client, Clock()), Room.parse(room), bob)
    assert (at.read_seq if verb is mark_read else at.delivered_seq) == 50


def with_five_on_their_way(send_heartbeat: SendHeartbeat, client: Any) -> tuple[Deployment, Caller, str]:
    """A process, and somebody in a room whose client has said once that it has five messages: at the next time they count."""
    bob = new_user()
    room = new_room(client, bob.user_id)
    first = process(client, Clock())
    send_heartbeat(first, bob, room, 0)
    change_room(client, room, seq=5)
    send_heartbeat(process(client, Clock(NOON + 20_000)), bob, room, 5)
    return first, bob, room


def test_a_heartbeat_that_was_overtaken_counts_no_delivery_again(
    send_heartbeat: SendHeartbeat, client: Any
) -> None:
    first, bob, room = with_five_on_their_way(send_heartbeat, client)
    later = Clock(NOON + 50_000)
    other = Overtaken(client, lambda: send_heartbeat(process(client, later), bob, room, 5))
    send_heartbeat(process(other, later), bob, room, 5)
    assert ledger(first, room) == (5, 5)


def test_heartbeats_of_two_clients_at_once_count_each_delivery_once(
    send_heartbeat: SendHeartbeat, client: Any
) -> None:
    first, bob, room = with_five_on_their_way(send_heartbeat, client)
    with ThreadPoolExecutor(4) as pool:
        later = [process(client, Clock(NOON + 50_000), deadline_s=20) for _ in range(4)]
        list(pool.map(lambda ours: send_heartbeat(ours, bob, room, 5), later))
    assert ledger(first, room) == (5, 5)


def test_a_second_client_just_after_the_first_does_not_account_what_is_still_on_its_way(
    send_heartbeat: SendHeartbeat, client: Any, clock: Clock
) -> None:
    bob = new_user()
    room = new_room(client, bob.user_id)
    ours = process(client, clock)
    send_heartbeat(ours, bob, room, 0)
    clock.sleep(30)
    change_room(client, room, seq=5)
    send_heartbeat(ours, bob, room, 0)
    clock.sleep(2)
    send_heartbeat(ours, bob, room, 0)
    clock.sleep(28)
    send_heartbeat(ours, bob, room, 5)
    assert ledger(ours, room) == (5, 5)


@pytest.mark.parametrize("fault", LOST)
def test_a_mark_whose_answer_is_lost_is_published_all_the_same(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock, fault: Fault
) -> None:
    bob = new_user()
    room = new_room(client, bob.user_id)
    change_room(client, room, seq=5)
    proxy.once("UpdateItem", fault)
    answer = mark_read(process(proxied, clock), bob, {"roomId": room, "seq": 5}, Tally())
    assert (answer["readSeq"], answer["roomId"] or answer["retryAfterMs"]) == (5, room)


@pytest.mark.parametrize("fault", LOST)
@pytest.mark.parametrize("write", [0, 1, 2], ids=["the receipts", "the ledger", "the person"])
def test_a_heartbeat_whose_answer_is_lost_on_the_way_counts_no_delivery_twice(
    send_heartbeat: SendHeartbeat,
    proxy: Proxy,
    proxied: Any,
    client: Any,
    clock: Clock,
    fault: Fault,
    write: int,
) -> None:
    bob = new_user()
    room = new_room(client, bob.user_id)
    ours = process(proxied, clock)
    send_heartbeat(ours, bob, room, 0)
    change_room(client, room, seq=5)
    clock.sleep(30)
    send_heartbeat(ours, bob, room, 0)
    clock.sleep(30)
    proxy.once("UpdateItem", *[pass_on] * write, fault)
    send_heartbeat(ours, bob, room, 5)
    due, confirmed = ledger(ours, room)
    assert due == confirmed
    assert due in ((0, 5) if write == 0 else (5,))


@pytest.mark.parametrize("fault", UNDONE)
def test_a_heartbeat_that_is_throttled_is_tried_again(
    send_heartbeat: SendHeartbeat, proxy: Proxy, proxied: Any, client: Any, clock: Clock, fault: Fault
) -> None:
    bob = new_user()
    room = new_room(client, bob.user_id)
    change_room(client, room, seq=5)
    ours, tally = process(proxied, clock), Tally()
    proxy.once("BatchGetItem", fault)
    proxy.once("UpdateItem", fault, fault)
    send_heartbeat(ours, bob, room, 3, tally)
    assert receipts_of(ours, Room.parse(room), bob).delivered_seq == 3


def test_a_ledger_that_cannot_be_written_costs_the_count_and_not_the_heartbeat(
    send_heartbeat: SendHeartbeat, proxy: Proxy, proxied: Any, client: Any, clock: Clock
) -> None:
    bob = new_user()
    room = new_room(client, bob.user_id)
    ours, tally = process(proxied, clock), Tally()
    send_heartbeat(ours, bob, room, 0)
    change_room(client, room, seq=5)
    clock.sleep(30)
    send_heartbeat(ours, bob, room, 5)
    clock.sleep(30)
    proxy.once("UpdateItem", pass_on, faults.error("ThrottlingException"))
    send_heartbeat(ours, bob, room, 5, tally)
    assert ledger(ours, room) == (0, 0)
    assert tally == {"DeliveriesDue": 5, "DeliveriesConfirmed": 5, "LedgerLost": 1}


def test_what_is_measured_is_counted_in_metrics(
    send_heartbeat: SendHeartbeat, client: Any, clock: Clock
) -> None:
    bob = new_user()
    room = new_room(client, bob.user_id)
    ours, tally = process(client, clock), Tally()
    send_heartbeat(ours, bob, room, 0)
    change_room(client, room, seq=4, ts=clock.ms)
    clock.sleep(0.3)
    mark_delivered(ours, bob, {"roomId": room, "seq": 4}, tally)
    assert tally == {"ConfirmMs": 300}
    clock.sleep(29.7)
    send_heartbeat(ours, bob, room, 4)
    change_room(client, room, seq=5, ts=clock.ms)
    clock.sleep(30)
    send_heartbeat(ours, bob, room, 4, tally)
    assert tally == {"ConfirmMs": 300, "DeliveriesDue": 4, "DeliveriesConfirmed": 4}
    report = delivery(ours, ADMIN, {"roomId": room}, Tally())
    assert (report["percent"], report["p50Ms"], report["p99Ms"]) == (100, 300, 300)


def without_membership(exchange: Exchange) -> None:
    """A batch that may be stale, and does not show yet that somebody is a member."""
    status, body = exchange.forward()
    answer = json.loads(body)
    for items in answer["Responses"].values():
        items[:] = [item for item in items if not item["SK"]["S"].startswith(("IN#", "HEAD"))]
    exchange.reply(status, json.dumps(answer).encode())


def test_a_stale_read_does_not_say_that_a_member_has_left(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock
) -> None:
    bob = new_user()
    room = new_room(client, bob.user_id)
    proxy.once("BatchGetItem", without_membership)
    rooms = [{"roomId": room, "seq": 0}]
    (state,) = heartbeat(process(proxied, clock), bob, {"rooms": rooms}, Tally())["rooms"]
    assert (state["left"], state["seq"], state["epoch"]) == (False, 0, 1)


def test_receipts_of_a_stale_read_are_accounted_as_they_are(
    send_heartbeat: SendHeartbeat, proxy: Proxy, proxied: Any, client: Any, clock: Clock
) -> None:
    bob = new_user()
    room = new_room(client, bob.user_id)
    ours, place = process(proxied, clock), receipts_place(Room.parse(room), bob.user_id)
    send_heartbeat(ours, bob, room, 0)
    change_room(client, room, seq=5)
    clock.sleep(30)
    send_heartbeat(ours, bob, room, 0)
    noted = ours.store.tables.get(place)
    assert noted
    clock.sleep(30)
    send_heartbeat(ours, bob, room, 5)
    assert ledger(ours, room) == (5, 5)
    proxy.once("BatchGetItem", faults.showing(noted))
    send_heartbeat(ours, bob, room, 5)
    assert ledger(ours, room) == (5, 5)
