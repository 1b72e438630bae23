"""What an operation costs does not grow with a room's members, its messages or the rooms that somebody is in, but where
`docs/costs.md` says so. `-s` shows the table as it is measured.

Rooms of 10 and 1,000 are measured with every test, of 10,000 by `make prove`.
"""

import os
import re
from collections.abc import Iterator
from typing import Any

import pytest

from chat.storage.aws import client as aws_client
from chat.storage.objects import Objects
from chat.storage.uploads import Uploads
from simulator.engine import PROJECT
from simulator.settings import BUCKET, REGION
from tests.engine_client import engine_client
from tests.guarantees.costs.capacity import CapacityCounter
from tests.guarantees.costs.prepared_rooms import PreparedRooms
from tests.guarantees.costs.situations import SITUATIONS
from tests.guarantees.costs.sizes import AT_ANY_SIZE, LargeRooms
from tests.guarantees.support.fixtures import MovingClock, process

pytestmark = pytest.mark.real_engine("moto takes minutes for partitions of a thousand items")

SIZES = [10, 1_000, 10_000]
MEASURED = SIZES if os.environ.get("PROVE") else SIZES[:2]
CELL = r"\d+ / [\d.]+ / \d+"
ROW = re.compile(rf"\| `(\w+)`(, [^|]+)? \| ({CELL}) \| ({CELL}) \| ({CELL}) \| (.*?) ?\|")


def documented() -> dict[str, tuple[list[str], str]]:
    """By the operation: its cost at each size, and what that grows with."""
    lines = (PROJECT / "docs" / "costs.md").read_text(encoding="utf-8").splitlines()
    rows = [row.groups() for line in lines if (row := ROW.fullmatch(line))]
    return {row[0] + (row[1] or ""): ([*row[2:5]], row[5]) for row in rows}


@pytest.fixture(scope="module")
def capacity(functions_environ: None, endpoint: str) -> Iterator[CapacityCounter]:
    client = aws_client("dynamodb", region=REGION, endpoint=endpoint, timeout=20, lean=True)
    probe = engine_client(endpoint, connections=50)
    yield CapacityCounter(client, probe)
    client.close()
    probe.close()


@pytest.mark.timeout(300)  # the largest room takes a minute to write
@pytest.mark.parametrize("size", MEASURED)
def test_each_operation_costs_what_is_documented_at_this_size(
    capacity: CapacityCounter, client: Any, objects: Any, size: int
) -> None:
    clock = MovingClock()
    uploads = Uploads(Objects(objects, BUCKET), frozenset({"image/png"}), 1_000)
    large = LargeRooms(
        client, PreparedRooms(process(client, clock, uploads=lambda: uploads), objects, clock), size
    )
    found = {}
    for name, prepare in AT_ANY_SIZE.items():
        operation = prepare(large)
        clock.sleep(60)  # what has just happened costs a look more
        ours = process(capacity.client, clock, uploads=lambda: uploads)
        capacity.open(None)
        operation(ours)
        assert not capacity.refused
        found[name] = f"{len(capacity.requests)} / {capacity.read:g} / {capacity.written:g}"
        print(f"{size:>6} {name:28} {found[name]}")
    column = SIZES.index(size)
    assert found == {name: costs[column] for name, (costs, _) in documented().items()}


def test_what_depends_on_the_size_is_said_and_nothing_else_does() -> None:
    for name, (costs, depends_on) in documented().items():
        assert bool(depends_on) == (len({*costs}) > 1), name


def test_every_operation_is_measured() -> None:
    # What is derived is counted by what happens, with every size that has to do with it.
    fields = {name.partition(",")[0] for name in SITUATIONS} - {"project_stream"}
    assert {name.partition(",")[0] for name in AT_ANY_SIZE} == fields
    assert documented().keys() == AT_ANY_SIZE.keys()
