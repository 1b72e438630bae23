"""Each operation makes as many requests, and consumes as much, as is documented. `-s` shows the table.

No engine reports what a refused transaction consumes. DynamoDB charges a failed condition as if it had been
met, so a refusal is computed here as a whole send: an upper bound. A transaction's price is computed from its
items, and what the engine reports compared with what that engine is known to report.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from unittest.mock import ANY  # MiniStack reports no read units of a batch, and half a unit for any query

import pytest

from chat.operations.on_message import on_message
from chat.rules.instants import to_wire
from chat.rules.models import Caller
from chat.storage.aws import client as aws_client
from simulator.settings import REGION
from tests.conftest import ENGINE
from tests.guarantees.support.fixtures import Clock, items_of_a_send, new_room, process, read, refused, send
from tests.guarantees.support.meter import Count, metered, reported_by_local, size, write_units

ROW = "{:44} {:>8} {:>6} {:>6}"


@dataclass
class Cost:
    """What one operation cost."""

    requests: int
    read_units: Any
    write_units: int


@dataclass
class Billing:
    """Measures operations, on a client as the functions have it."""

    client: Any
    count: Count
    local: bool

    def cost(self, name: str, operation: Callable[[], Any], *, stores: bool = False) -> Cost:
        """Perform it, and print its cost. The cost of a send that `stores` is
        computed from the items that it leaves behind."""
        self.count.clear()
        answer = operation()
        requests, read_units, reported = self.count.requests, self.count.read_units, self.count.write_units
        refusals = self.count.refused
        units = 8 * refusals
        if stores:
            items = items_of_a_send(self.client, answer)
            assert reported == (reported_by_local(items) if self.local else write_units(items))
            units += write_units(items)
        print(ROW.format(name, requests, read_units if self.local else "?", units))

        return Cost(requests, read_units if self.local else ANY, units)


@pytest.fixture(scope="module")
def billing(functions_environ: None, endpoint: str, request: pytest.FixtureRequest) -> Iterator[Billing]:
    client = aws_client("dynamodb", region=REGION, endpoint=endpoint, timeout=20, lean=True)
    print("\n" + ROW.format("", "requests", "RCU", "WCU"))
    kind = request.config.stash.get(ENGINE, "dynamodb-local")
    yield Billing(client, metered(client), kind == "dynamodb-local")
    client.close()


def test_a_send_takes_one_request_when_all_is_known_else_two(
    billing: Billing, client: Any, clock: Clock
) -> None:
    room = new_room(client, "ann", "bob", settings={"personPerSecond": 1, "personBurst": 100})
    ours = process(billing.client, clock)
    cold = billing.cost("send, nothing known", lambda: send(ours, room, "ann", "hi"), stores=True)
    assert cold == Cost(2, 2.0, 8)
    clock.sleep(1.5)
    fresh = billing.cost("send, head and member known", lambda: send(ours, room, "ann", "hi"), stores=True)
    assert fresh == Cost(1, 0.0, 8)
    burst = billing.cost("send, in a burst", lambda: send(ours, room, "ann", "hi"), stores=True)
    assert burst == Cost(1, 0.0, 8)
    send(process(client, clock), room, "bob", "hi")
    stale = billing.cost("send, the known head is stale", lambda: send(ours, room, "ann", "hi"), stores=True)
    assert stale == Cost(2, 0.0, 16)
    send(process(client, clock), room, "bob", "hi")
    shared = billing.cost(
        "send, others are known to send, too", lambda: send(ours, room, "ann", "hi"), stores=True
    )
    assert shared == Cost(2, 2.0, 8)
    clock.sleep(2.1)
    late = billing.cost("send, known for more than 2 s", lambda: send(ours, room, "ann", "hi"), stores=True)
    assert late == Cost(2, 2.0, 8)


@pytest.mark.parametrize(
    ("text", "units"),
    [("x" * 600, 8), ("x" * 2_048, 12), ("€" * 4_000, 30)],
    ids=["an item of 1 KB", "2 KB of text", "the longest text"],
)
def test_a_send_costs_by_its_text(billing: Billing, client: Any, clock: Clock, text: str, units: int) -> None:
    ours = process(billing.client, clock)
    room = new_room(client, "ann")
    size_kb = len(text.encode()) / 1_024
    cost = billing.cost(
        f"send, {size_kb:.1f} KB of text, nothing known", lambda: send(ours, room, "ann", text), stores=True
    )
    assert cost == Cost(2, 2.0, units)


def test_a_repeat_takes_at_most_three_requests(billing: Billing, client: Any, clock: Clock) -> None:
    room = new_room(client, "ann")
    ours = process(billing.client, clock)
    send(ours, room, "ann", "hi", "m1")
    known = billing.cost("repeat, to the process that stored it", lambda: send(ours, room, "ann", "hi", "m1"))
    assert known == Cost(3, 4.0, 0)
    other = process(billing.client, clock)
    cold = billing.cost("repeat, to another process", lambda: send(other, room, "ann", "hi", "m1"))
    assert cold == Cost(3, 3.0, 8)


def test_a_refusal_takes_at_most_two_requests_and_then_none(
    billing: Billing, client: Any, clock: Clock
) -> None:
    room = new_room(client, "ann", settings={"personPerSecond": 0.1, "personBurst": 1})
    ours = process(billing.client, clock)
    send(ours, room, "ann", "hi", "m1")
    first = billing.cost("refusal for rate, the first", lambda: refused(ours, room, "ann", name="m2"))
    assert first == Cost(2, 3.0, 0)
    again = billing.cost("refusal for rate, within 2 s", lambda: refused(ours, room, "ann", name="m3"))
    assert again == Cost(0, 0.0, 0)
    cold = process(billing.client, clock)
    stranger = billing.cost("refusal, no such room", lambda: refused(cold, "nowhere", "ann", name="m1"))
    assert stranger == Cost(
        1, 0.0, 0
    )  # DynamoDB charges 2 units for what is not there, DynamoDB Local none in a batch


@pytest.mark.parametrize(
    ("order", "most"), [("NEWEST_FIRST", 3.0), ("OLDEST_FIRST", 6.0)], ids=["newest first", "forward"]
)
def test_a_page_takes_one_wave_of_two_requests(
    billing: Billing, client: Any, clock: Clock, order: str, most: float
) -> None:
    room = new_room(client, "ann")
    ours = process(client, clock)
    clock.sleep(1.357)
    spare = 320 - size(items_of_a_send(client, send(ours, room, "ann", "x"))[-1])
    for _ in range(60):
        last = items_of_a_send(client, send(ours, room, "ann", "x" * (1 + spare)))[-1]
        assert 318 <= size(last) <= 321  # an instant that ends in zeros takes less
    clock.sleep(11)
    fresh = process(billing.client, clock)
    cost = billing.cost(f"messages, {order}, 50 of 320 B", lambda: read(fresh, room, "ann", order=order))
    assert billing.count.operations == {"BatchGetItem": 1, "Query": 1}
    assert cost == Cost(2, most, 0)


def test_catching_up_on_recent_messages_asks_once_for_what_came_before(
    billing: Billing, client: Any, clock: Clock
) -> None:
    room = new_room(client, "ann")
    ours = process(client, clock)
    for _ in range(5):
        clock.sleep(0.1)
        send(ours, room, "ann", "hi")
    fresh = process(billing.client, clock)
    after = to_wire(clock.now() - 250)
    cost = billing.cost(
        "messages, OLDEST_FIRST, after a moment ago",
        lambda: read(fresh, room, "ann", order="OLDEST_FIRST", after=after),
    )
    assert cost.requests == 3


def test_a_subscription_takes_one_request(billing: Billing, client: Any, clock: Clock) -> None:
    room = new_room(client, "ann")
    ours = process(billing.client, clock)
    arguments = {"roomId": room, "epoch": 1}
    cost = billing.cost("onMessage", lambda: on_message(ours, Caller(user_id="ann"), arguments))
    assert cost == Cost(1, 2.0, 0)


@pytest.mark.parametrize("length", [10, 900, 1_100, 2_500])
def test_sizes_are_computed_as_the_engine_computes_them(billing: Billing, length: int) -> None:
    item = {
        "PK": {"S": "size"},
        "SK": {"S": str(length)},
        "n": {"N": "1234500"},
        "t": {"S": "é" * (length // 2)},
    }
    billing.count.clear()
    billing.client.transact_write_items(TransactItems=[{"Put": {"TableName": "gg_core", "Item": item}}])
    assert billing.count.write_units == (reported_by_local([item]) if billing.local else write_units([item]))
