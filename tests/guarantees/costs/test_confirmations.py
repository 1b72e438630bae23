"""What it takes that everybody in a room of a hundred thousand says every half minute what they have, at a message a second: one
by one, and by the hundred. Counted with the real code, and compared with `docs/costs.md`. `-s` shows the table.

A hundred people stand for a hundred thousand: nothing of it grows with the room.
"""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from chat.deployment import Deployment
from chat.operations.heartbeat import heartbeat
from chat.operations.heartbeats import heartbeats
from chat.rules.models import Caller
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.heartbeat_request import MOST_PEOPLE
from chat.storage.aws import client as aws_client
from chat.storage.items import values
from chat.storage.places import membership_place
from cost import prices
from cost.prices import A_MILLION
from cost.usage import MS_ALONE, MS_OF_A_HUNDRED
from simulator.engine import PROJECT
from simulator.settings import REGION
from tests.engine_client import engine_client
from tests.guarantees.costs.capacity import CapacityCounter
from tests.guarantees.support.bulk import put_all
from tests.guarantees.support.fixtures import MovingClock, change_room, new_room, process, table_name

PEOPLE, EVERY_S, ROUNDS, MESSAGES = 100_000, 30, 4, 30
AN_HOUR = PEOPLE * 3_600 // EVERY_S
"""How many heartbeats."""

GATEWAY = Caller("gateway", frozenset({"gateway"}))


@dataclass(frozen=True)
class Hour:
    """What an hour takes: calls, read and write units, and requests to DynamoDB, in millions; and dollars."""

    calls: float
    read: float
    written: float
    requests: float
    milliseconds: float

    @property
    def dollars(self) -> dict[str, float]:
        seconds = self.calls * self.milliseconds / 1_000
        return {
            "AppSync": self.calls * prices.OPERATION * A_MILLION,
            "Lambda": (self.calls * prices.CALL + seconds * prices.GB_SECOND) * A_MILLION,
            "DynamoDB": (self.read * prices.READ_UNIT + self.written * prices.WRITE_UNIT) * A_MILLION,
        }

    def row(self, name: str) -> str:
        units = f"{self.calls:.2f} | {self.requests:.2f} | {self.read:.2f} | {self.written:.2f}"
        costs = " | ".join(f"${each:.2f}" for each in (*self.dollars.values(), sum(self.dollars.values())))
        return f"| {name} | {units} | {costs} |"


@pytest.fixture(scope="module")
def capacity(functions_environ: None, endpoint: str) -> Iterator[CapacityCounter]:
    client = aws_client("dynamodb", region=REGION, endpoint=endpoint, timeout=20, lean=True)
    probe = engine_client(endpoint, connections=50)
    yield CapacityCounter(client, probe)
    client.close()
    probe.close()


def one_by_one(deployment: Deployment, people: list[str], said: dict[str, Any]) -> int:
    for each in people:
        heartbeat(deployment, Caller(each), said, Tally())
    return len(people)


def by_the_hundred(deployment: Deployment, people: list[str], said: dict[str, Any]) -> int:
    named = [{"userId": each, **said} for each in people]
    answer = heartbeats(deployment, GATEWAY, {"people": named}, Tally())
    assert {each["errorType"] for each in answer} == {None}
    return 1


def an_hour(
    capacity: CapacityCounter,
    client: Any,
    say: Callable[[Deployment, list[str], dict[str, Any]], int],
    milliseconds: float,
    messages: int,
    counted: int,
) -> Hour:
    """Measured over `counted` half minutes in each of which `messages` come, when everybody has been there for a while."""
    clock = MovingClock()
    deployment = process(capacity.client, clock)
    people = [f"p{number}-{uuid.uuid4().hex[:8]}" for number in range(MOST_PEOPLE)]
    room = Room.parse(new_room(client, people[0]))
    member = values({"type": "Membership", "role": "member", "status": "active", "joinedSeq": 0})
    places = [membership_place(room, each) for each in people]
    put_all(client, table_name(room), [place.key | member for place in places])
    calls, seq = 0, 0
    for number in range(-2, counted):
        if number == 0:
            capacity.open(None)
            calls = 0
        clock.sleep(EVERY_S)
        rooms = [{"roomId": room.id, "seq": seq}]
        seq += messages
        change_room(client, room.id, seq=seq, ts=clock.now(), datedSeq=1, datedTs=clock.now(), datedDays=365)
        calls += say(deployment, people, {"deviceId": "desk", "rooms": rooms})
    share = AN_HOUR / (MOST_PEOPLE * counted) / 1_000_000
    return Hour(
        calls * share,
        capacity.read * share,
        capacity.written * share,
        len(capacity.requests) * share,
        milliseconds,
    )


QUIET_ROUNDS = 2
"""One in which a device is written, and one in which it is not."""


@pytest.mark.parametrize(
    ("name", "say", "milliseconds", "messages", "rounds", "calls"),
    [
        ("`heartbeat`, one by one", one_by_one, MS_ALONE, MESSAGES, ROUNDS, 12.0),
        ("`heartbeats`, by the hundred", by_the_hundred, MS_OF_A_HUNDRED, MESSAGES, ROUNDS, 0.12),
        ("`heartbeat`, one by one, nothing said", one_by_one, MS_ALONE, 0, QUIET_ROUNDS, 12.0),
        (
            "`heartbeats`, by the hundred, nothing said",
            by_the_hundred,
            MS_OF_A_HUNDRED,
            0,
            QUIET_ROUNDS,
            0.12,
        ),
    ],
    ids=["alone", "together", "alone, quiet", "together, quiet"],
)
def test_confirmations_cost_what_is_documented(
    capacity: CapacityCounter,
    client: Any,
    name: str,
    say: Callable[[Deployment, list[str], dict[str, Any]], int],
    milliseconds: float,
    messages: int,
    rounds: int,
    calls: float,
) -> None:
    hour = an_hour(capacity, client, say, milliseconds, messages, rounds)
    row = hour.row(name)
    print("\n" + row)
    assert row in (PROJECT / "docs" / "costs.md").read_text(encoding="utf-8").splitlines()
    assert hour.calls == pytest.approx(calls)
