"""`docs/costs.md` lists what each operation costs, and each costs exactly
that. `-s` shows the table as it is measured."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import pytest

from chat.deployment import Deployment
from chat.storage.aws import client as aws_client
from chat.storage.objects import Objects
from chat.storage.uploads import Uploads
from cost.table import Cost, documented_costs
from simulator.engine import PROJECT
from simulator.settings import BUCKET, REGION, WIRING
from tests.engine_client import engine_client
from tests.guarantees.costs.capacity import CapacityCounter
from tests.guarantees.costs.prepared_rooms import PreparedRooms
from tests.guarantees.costs.situations import NOT_IN_THE_TABLE, SITUATIONS
from tests.guarantees.support.fixtures import Clock, MovingClock, process

SCHEMA = (PROJECT / "resolvers" / "schema.graphql").read_text(encoding="utf-8")
LINKS = {
    mutation: subscription
    for subscription, mutations in re.findall(
        r"(on\w+)\([^)]*\): \w+\s+@aws_subscribe\(\s*mutations: \[([^\]]*)\]", SCHEMA
    )
    for mutation in re.findall(r'"(\w+)"', mutations)
}


@dataclass
class BilledProcess:
    """A process of the chat whose requests are counted."""

    capacity: CapacityCounter
    s3: Any
    s3_requests: list[str]

    def process(self, clock: Clock) -> Deployment:
        uploads = Uploads(Objects(self.s3, BUCKET), frozenset({"image/png"}), 1_000)
        return process(self.capacity.client, clock, uploads=lambda: uploads)


@pytest.fixture(scope="module")
def billed(functions_environ: None, objects: Any, endpoint: str) -> Iterator[BilledProcess]:
    client = aws_client("dynamodb", region=REGION, endpoint=endpoint, timeout=20, lean=True)
    probe = engine_client(endpoint, connections=50)
    requests: list[str] = []
    s3 = aws_client("s3", region=REGION, endpoint=objects.meta.endpoint_url, timeout=20)
    s3.meta.events.register("before-call.s3", lambda model, **_: requests.append(model.name))
    print(
        "\n| operation | round trips | requests | RCU | WCU | S3 | heard by, at $2 a million |\n"
        + "| --- " * 7
        + "|"
    )
    yield BilledProcess(CapacityCounter(client, probe), s3, requests)
    client.close()
    probe.close()
    s3.close()


@pytest.mark.parametrize("name", SITUATIONS)
def test_an_operation_costs_what_is_documented(
    billed: BilledProcess, client: Any, objects: Any, name: str
) -> None:
    clock = MovingClock()
    uploads = Uploads(Objects(objects, BUCKET), frozenset({"image/png"}), 1_000)
    setup = PreparedRooms(process(client, clock, uploads=lambda: uploads), objects, clock)
    operation = SITUATIONS[name](setup)
    ours, capacity = billed.process(clock), billed.capacity
    capacity.open(None)
    if setup.before:
        setup.before(ours)
    documented = documented_costs().get(name)
    capacity.open(documented.waves if documented else None)
    billed.s3_requests.clear()
    operation(ours)
    waves = documented.waves if documented else (1,) * len(capacity.requests)
    field, _, situation = name.partition(",")
    cost = Cost(
        len(waves), waves, capacity.read, capacity.written, len(billed.s3_requests), _published(field)
    )
    shown = f"`{field}`" + (f",{situation}" if situation else "")
    sent = " + ".join(str(each) for each in cost.waves)
    print(
        f"| {shown} | {cost.round_trips} | {sent} | {cost.read:g} | {cost.written:g} | {cost.objects or ''} | {cost.published} |"
    )
    assert capacity.refused == (situation == " a repeat")  # which finds what was sent before
    assert cost == documented
    assert [each for each in sorted(capacity.rights) if not _is_granted(field, *each)] == []
    assert capacity.waves
    assert capacity.waves.is_over


def _is_granted(field: str, action: str, partition_key: str) -> bool:
    """Whether the function of a field has the right to an action on a partition."""
    wiring = json.loads(WIRING.read_text(encoding="utf-8"))
    functions = {
        name.split(".")[-1]: entry for name, entry in (wiring["fields"] | wiring["services"]).items()
    }
    return any(
        f"dynamodb:{action}" in right["actions"]
        and any(fnmatchcase(partition_key, keys) for keys in right["leadingKeys"])
        for right in functions[field]["rights"]
        if "leadingKeys" in right
    )


def _published(field: str) -> str:
    return f"`{LINKS[field]}`" if field in LINKS else ""


def test_every_operation_has_a_cost_and_nothing_else_has() -> None:
    wiring = json.loads(WIRING.read_text(encoding="utf-8"))
    fields = {name.split(".")[1] for name in wiring["fields"]} | set(wiring["services"])
    assert {name.partition(",")[0] for name in SITUATIONS} == fields - NOT_IN_THE_TABLE.keys()
    assert set(documented_costs()) == set(SITUATIONS)
