"""`make cost` against what is counted: a day of a room of ten, done with the real code, takes the requests and units that the
arithmetic says, within 5 %."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from chat.deployment import Deployment
from chat.operations.heartbeat import heartbeat
from chat.operations.heartbeats import heartbeats
from chat.rules.models import Caller
from chat.rules.tally import Tally
from chat.storage.aws import client as aws_client
from cost.table import Units, units
from cost.usage import HEARTBEAT_S, TOGETHER, TOGETHER_QUIET, calls, spread, units_of, usage
from cost.workload import DAYS, Workload
from simulator.settings import REGION
from tests.engine_client import engine_client
from tests.guarantees.costs.capacity import CapacityCounter
from tests.guarantees.costs.prepared_rooms import PreparedRooms
from tests.guarantees.support.fixtures import MovingClock, process

PEOPLE, HOURS, PAGE = 10, 0.2, 50
SENT_AT = (2, 2, 7, 11, 16, 20)
"""Before which heartbeats of a day a message is sent."""

VISITS, RECONNECTS, READS = 2, 1, 1
WITHIN = 0.05


@pytest.fixture
def capacity(functions_environ: None, endpoint: str) -> Iterator[CapacityCounter]:
    client = aws_client("dynamodb", region=REGION, endpoint=endpoint, timeout=20, lean=True)
    probe = engine_client(endpoint, connections=50)
    yield CapacityCounter(client, probe)
    client.close()
    probe.close()


WORK = Workload(
    PEOPLE,
    len(SENT_AT) * DAYS,
    PEOPLE,
    hours=HOURS,
    visits=VISITS,
    reconnects=RECONNECTS,
    reads=READS,
    epochs=0,
)
"""A month of such days."""


@dataclass
class Day:
    """A day of a room. Each call is of a process that knows nothing, but for the heartbeats, which come to one that goes on."""

    capacity: CapacityCounter
    setup: PreparedRooms
    clock: MovingClock
    room: str
    seq: int = PAGE + 1

    def do(self, field: str, who: int = 0, **arguments: Any) -> Any:
        return self.setup.operation(field, who, **arguments)(process(self.capacity.client, self.clock))

    def subscribe(self, who: int) -> None:
        self.do("onMessage", who, roomId=self.room, epoch=1)
        self.do("onReceipt", who, roomId=self.room, epoch=1)
        self.do("onMine", who, epoch=1)

    def come(self, after: str, since: int) -> None:
        for who in range(PEOPLE):
            for _ in range(VISITS):
                self.do("myRooms", who)
                self.do("messages", who, roomId=self.room, limit=PAGE)
                self.subscribe(who)
            for _ in range(RECONNECTS):
                self.do("changes", who, roomId=self.room, since=since, after=after)
                self.subscribe(who)
            for _ in range(READS):
                self.do("markRead", who, roomId=self.room, seq=self.seq - 1)

    def stay(self, confirm: Callable[[Deployment, list[str], dict[str, Any]], object]) -> None:
        kept = process(self.capacity.client, self.clock)
        for beat in range(round(HOURS * 3_600 / HEARTBEAT_S)):
            self.clock.sleep(HEARTBEAT_S)
            for _ in range(SENT_AT.count(beat)):
                self.do("sendMessage", roomId=self.room, text="Hello.", clientMessageId=uuid.uuid4().hex)
                self.seq += 1
            rooms = [{"roomId": self.room, "seq": self.seq}]
            confirm(kept, self.setup.users[:PEOPLE], {"deviceId": "desk", "rooms": rooms})


def alone(ours: Deployment, people: list[str], said: dict[str, Any]) -> None:
    for each in people:
        heartbeat(ours, Caller(each), said, Tally())


def by_two_tasks(ours: Deployment, people: list[str], said: dict[str, Any]) -> None:
    for half in (people[: PEOPLE // 2], people[PEOPLE // 2 :]):
        answer = heartbeats(
            ours,
            Caller("gateway", frozenset({"gateway"})),
            {"people": [{"userId": each, **said} for each in half]},
            Tally(),
        )
        assert {each["errorType"] for each in answer} == {None}


def compared(capacity: CapacityCounter, said: Units, billed: int = 3) -> None:
    """Read units, write units, and requests if `billed` is 3."""
    counted = (capacity.read, capacity.written, len(capacity.requests))
    expected = (said.read / DAYS, said.written / DAYS, said.requests / DAYS)
    print(f"\nRCU, WCU, requests: counted {counted}, said {expected}")
    assert expected[:billed] == pytest.approx(counted[:billed], rel=WITHIN)


def a_day(capacity: CapacityCounter, client: Any, objects: Any) -> tuple[Day, Any]:
    clock = MovingClock()
    setup = PreparedRooms(process(client, clock), objects, clock)
    day = Day(capacity, setup, clock, setup.ten_rooms(PEOPLE)[0])
    last = [setup.send(day.room) for _ in range(PAGE)][-1]
    return day, last


def test_a_day_takes_what_the_arithmetic_says(capacity: CapacityCounter, client: Any, objects: Any) -> None:
    day, last = a_day(capacity, client, objects)
    capacity.open(None)
    day.come(last["ts"], last["seq"])
    day.stay(alone)
    expected = usage(WORK, units())
    compared(capacity, Units(expected.requests, expected.read, expected.written))


def test_confirmations_of_few_people_at_a_task_take_what_the_arithmetic_says(
    capacity: CapacityCounter, client: Any, objects: Any
) -> None:
    day, _ = a_day(capacity, client, objects)
    day.stay(by_two_tasks)  # who has just come is written more often
    capacity.open(None)
    day.stay(by_two_tasks)
    behind = replace(WORK, via="gateway")
    assert spread(behind) == 2
    made = {
        name: count
        for name, count in calls(behind).items()
        if name in (TOGETHER, TOGETHER_QUIET, "sendMessage")
    }
    rows = {name: units_of(behind, name, units()) for name in made}
    compared(
        capacity,
        Units(
            sum(count * rows[name].requests for name, count in made.items()),
            sum(count * rows[name].read for name, count in made.items()),
            sum(count * rows[name].written for name, count in made.items()),
        ),
        billed=2,  # with five people in a call, not a hundred, there are more requests, which cost nothing of their own
    )
