"""What an erasure consumes, for few messages. `python -m tests.guarantees.erasure.figures` counts it for many."""

from typing import Any

import pytest

from chat.deployment import Deployment
from chat.steps.jobs import list_jobs
from chat.storage.aws import client as aws_client
from simulator.settings import REGION
from tests.guarantees.erasure.figures import measured
from tests.guarantees.erasure.units import Units
from tests.guarantees.support.fixtures import Clock, process

pytestmark = pytest.mark.real_engine("moto counts no capacity")

MOST_A_MESSAGE = 2.5
MOST_A_ROOM = 30
"""Write units for what is said and taken away in a room, of however many members."""


@pytest.fixture
def units(endpoint: str, client: Any) -> Any:
    watched = aws_client("dynamodb", region=REGION, endpoint=endpoint, timeout=20, connections=40)
    yield Units(watched, client)
    watched.close()


@pytest.fixture
def ours(units: Units, clock: Clock) -> Deployment:
    ours = process(units.client, clock)
    for place, _ in list_jobs(ours):
        units.probe.delete_item(TableName=f"gg_{place.table}", Key=place.key)
    return ours


def test_a_message_costs_two_units_and_a_room_the_same_for_any_crowd(
    client: Any, ours: Deployment, units: Units
) -> None:
    many = measured(ours, client, units, 600, 2, 0)
    few = measured(ours, client, units, 20, 2, 0)
    crowd = measured(ours, client, units, 20, 2, 200)
    rooms = measured(ours, client, units, 20, 6, 0)
    assert (many.units - few.units) / (many.messages - few.messages) <= MOST_A_MESSAGE
    assert many.per_message <= MOST_A_MESSAGE
    assert (rooms.units - few.units) / (rooms.rooms - few.rooms) <= MOST_A_ROOM
    assert abs(crowd.units - few.units) <= crowd.rooms, "units of an attempt that came twice aside"
    assert crowd.heard == few.heard == {"ROOM_CREATED": 2, "MEMBER_REMOVED": 2, "ERASED": 2}
    assert many.receipt["messages"] == 600
