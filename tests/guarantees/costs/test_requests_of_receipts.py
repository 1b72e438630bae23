"""What receipts, heartbeats, presence and typing take, in requests and units. `-s` shows the table.

DynamoDB charges half a unit (one when consistent) for each item of a batch
that is not there; DynamoDB Local does not.
"""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import ANY  # MiniStack reports no read units of a batch, and half a unit for any query

import pytest

from chat.deployment import Deployment
from chat.operations.delivery import delivery
from chat.operations.heartbeat import heartbeat
from chat.operations.mark_delivered import mark_delivered
from chat.operations.mark_read import mark_read
from chat.operations.presence import presence
from chat.operations.receipts import receipts
from chat.operations.typing import typing
from chat.rules.models import Caller
from chat.rules.tally import Tally
from chat.storage.aws import client as aws_client
from simulator.settings import REGION
from tests.conftest import ENGINE
from tests.guarantees.support.fixtures import CURSOR_KEYS, Clock, change_room, new_room, process
from tests.guarantees.support.meter import Count, metered

ROW = "{:52} {:>8} {:>6} {:>6}"
Cost = tuple[int, Any, int]
"""Requests, read units and write units."""


@dataclass
class Billing:
    """Measures operations, for a user whose client has sent no heartbeat yet."""

    deployment: Deployment
    count: Count
    clock: Clock
    local: bool
    person: Caller

    def cost(self, name: str, verb: Callable[..., Any], *keys: Any, **arguments: object) -> Cost:
        self.count.clear()
        verb(self.deployment, *keys, self.person, arguments, Tally())
        count = self.count
        writes = count.operations[
            "UpdateItem"
        ]  # items of less than 1 KB: a unit each, which the engine adds to the reads
        reads = count.read_units - writes
        print(ROW.format(name, count.requests, reads if self.local else "?", writes))
        return count.requests, reads if self.local else ANY, writes


@pytest.fixture(scope="module")
def counted(functions_environ: None, endpoint: str) -> Iterator[tuple[Any, Count]]:
    client = aws_client("dynamodb", region=REGION, endpoint=endpoint, timeout=20, lean=True)
    print("\n" + ROW.format("", "requests", "RCU", "WCU"))
    yield client, metered(client)
    client.close()


@pytest.fixture
def billing(counted: tuple[Any, Count], clock: Clock, request: pytest.FixtureRequest) -> Billing:
    client, count = counted
    local = request.config.stash.get(ENGINE, "dynamodb-local") == "dynamodb-local"
    return Billing(process(client, clock), count, clock, local, Caller(f"bob-{uuid.uuid4().hex[:12]}"))


def room_at(billing: Billing, client: Any, seq: int, prefix: str = "") -> str:
    room = new_room(client, billing.person.user_id, "ann", prefix=prefix)
    dated = {"datedSeq": 1, "datedTs": billing.clock.ms, "datedDays": 365}
    change_room(client, room, seq=seq, ts=billing.clock.ms, **dated)
    return room


def test_a_mark_takes_two_requests_one_more_where_it_is_published_and_one_for_the_rooms_size(
    billing: Billing, client: Any
) -> None:
    room = room_at(billing, client, 9)
    assert billing.cost("markRead, the room's size not known", mark_read, roomId=room, seq=5) == (4, 3.5, 1)
    billing.clock.sleep(3)
    assert billing.cost("markRead", mark_read, roomId=room, seq=6) == (3, 4.0, 1)
    assert billing.cost("markRead, less than before", mark_read, roomId=room, seq=4) == (1, 3.0, 0)
    assert billing.cost("markRead, in private", mark_read, roomId=room, seq=7, private=True) == (2, 3.0, 1)
    assert billing.cost("markDelivered", mark_delivered, roomId=room, seq=6) == (3, 4.0, 1)


def test_a_heartbeat_of_an_idle_room_takes_two_requests_and_writes_one_item(
    billing: Billing, client: Any
) -> None:
    room = room_at(billing, client, 3)
    rooms = [{"roomId": room, "seq": 3}]
    assert billing.cost("heartbeat, the first", heartbeat, rooms=rooms) == (3, 1.0, 2)
    billing.clock.sleep(30)
    assert billing.cost("heartbeat, nothing new", heartbeat, rooms=rooms) == (2, 2.0, 1)
    billing.clock.sleep(30)
    change_room(client, room, seq=4, ts=billing.clock.ms)
    assert billing.cost("heartbeat, a new message noted", heartbeat, rooms=rooms) == (3, 2.0, 2)
    billing.clock.sleep(30)
    rooms = [{"roomId": room, "seq": 4}]
    assert billing.cost("heartbeat, it is accounted", heartbeat, rooms=rooms) == (4, 2.0, 3)
    billing.clock.sleep(30)
    watched = billing.cost("heartbeat, with a room open", heartbeat, rooms=rooms, watching=room)
    assert watched == (3, 2.0, 2)


def test_a_heartbeat_of_fifty_rooms_takes_three_requests(billing: Billing, client: Any) -> None:
    rooms = [room_at(billing, client, 1, "GUILD#" if number % 2 else "") for number in range(50)]
    named = [{"roomId": room, "seq": 1} for room in rooms]
    billing.cost("heartbeat of 50 rooms, the first", heartbeat, rooms=named)
    billing.clock.sleep(30)
    assert billing.cost("heartbeat of 50 rooms, nothing new", heartbeat, rooms=named) == (3, 75.5, 1)
    gone = [{"roomId": f"gone-{number}", "seq": 1} for number in range(50)]
    billing.clock.sleep(30)
    assert billing.cost("heartbeat of 50 rooms, in none", heartbeat, rooms=gone) == (4, 0.5, 1)


def test_reading_takes_three_requests_and_typing_one(billing: Billing, client: Any) -> None:
    room = room_at(billing, client, 3)
    mark_read(billing.deployment, billing.person, {"roomId": room, "seq": 2}, Tally())
    costs = [
        billing.cost("typing", typing, roomId=room),
        billing.cost("receipts, of two", receipts, CURSOR_KEYS, roomId=room),
        billing.cost("receipts, of two, with confirmation", receipts, CURSOR_KEYS, roomId=room, seq=3),
        billing.cost("presence, of two", presence, roomId=room),
    ]
    assert costs == [(1, 1.0, 0), (3, 3.0, 0), (3, 4.0, 0), (3, 1.5, 0)]


def test_a_ledger_takes_two_requests(billing: Billing, client: Any) -> None:
    room = room_at(billing, client, 3)
    owner = replace(billing, person=Caller(billing.person.user_id, frozenset({"admin"})))
    assert owner.cost("delivery, of a day", delivery, roomId=room) == (2, 1.0, 0)
