"""`docs/costs.md` says what each operation costs, and each costs exactly that. `-s` shows the table as it is measured."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from chat.deployment import Deployment
from chat.storage.aws import client as aws_client
from chat.storage.objects import Objects
from chat.storage.uploads import Uploads
from simulator.engine import PROJECT
from simulator.settings import BUCKET, REGION, WIRING
from tests.guarantees.costs.capacity import Till
from tests.guarantees.costs.prepared_rooms import House
from tests.guarantees.costs.situations import SCENES
from tests.guarantees.support.fixtures import Clock, process

ROW = re.compile(r"\| `(\w+)`(, [^|]+)? \| (\d+) \| ([\d+ ]+) \| ([\d.]+) \| ([\d.]+) \| (\d*) \| (.*) \|")
SCHEMA = (PROJECT / "resolvers" / "schema.graphql").read_text(encoding="utf-8")
LINKS = {
    mutation: subscription
    for subscription, mutations in re.findall(
        r"(on\w+)\([^)]*\): \w+\s+@aws_subscribe\(\s*mutations: \[([^\]]*)\]", SCHEMA
    )
    for mutation in re.findall(r'"(\w+)"', mutations)
}


@dataclass(frozen=True)
class Promise:
    """One row: requests by waves, units, requests to S3, and who hears of it."""

    round_trips: int
    waves: tuple[int, ...]
    read: float
    written: float
    objects: int
    heard: str


def promises() -> dict[str, Promise]:
    """By the operation and its situation."""
    found: dict[str, Promise] = {}
    for line in (PROJECT / "docs" / "costs.md").read_text(encoding="utf-8").splitlines():
        if row := ROW.fullmatch(line):
            field, situation, trips, waves, read, written, objects, heard = row.groups()
            numbers = tuple(int(each) for each in waves.split(" + "))
            found[field + (situation or "")] = Promise(
                int(trips), numbers, float(read), float(written), int(objects or 0), heard
            )
    return found


@dataclass
class Counter:
    """Where operations are billed: a process of the chat, whose requests are counted."""

    till: Till
    s3: Any
    s3_requests: list[str]

    def process(self, clock: Clock) -> Deployment:
        uploads = Uploads(Objects(self.s3, BUCKET), frozenset({"image/png"}), 1_000)
        return process(self.till.client, clock, uploads=lambda: uploads)


@pytest.fixture(scope="module")
def counter(functions_environ: None, objects: Any, endpoint: str) -> Iterator[Counter]:
    client = aws_client("dynamodb", region=REGION, endpoint=endpoint, timeout=20, lean=True)
    probe = aws_client("dynamodb", region=REGION, endpoint=endpoint, timeout=20, connections=50)
    asked: list[str] = []
    s3 = aws_client("s3", region=REGION, endpoint=objects.meta.endpoint_url, timeout=20)
    s3.meta.events.register("before-call.s3", lambda model, **_: asked.append(model.name))
    print(
        "\n| operation | round trips | requests | RCU | WCU | S3 | heard by, at $2 a million |\n"
        + "| --- " * 7
        + "|"
    )
    yield Counter(Till(client, probe), s3, asked)
    client.close()
    probe.close()
    s3.close()


@pytest.mark.parametrize("name", SCENES)
def test_an_operation_costs_what_is_promised(counter: Counter, client: Any, objects: Any, name: str) -> None:
    clock = Clock()
    uploads = Uploads(Objects(objects, BUCKET), frozenset({"image/png"}), 1_000)
    house = House(process(client, clock, uploads=lambda: uploads), objects, clock)
    operation = SCENES[name](house)
    ours, till = counter.process(clock), counter.till
    till.open(None)
    if house.before:
        house.before(ours)
    promise = promises().get(name)
    till.open(promise.waves if promise else None)
    counter.s3_requests.clear()
    operation(ours)
    waves = promise.waves if promise else (1,) * len(till.requests)
    field, _, situation = name.partition(",")
    cost = Promise(len(waves), waves, till.read, till.written, len(counter.s3_requests), _heard(field))
    shown = f"`{field}`" + (f",{situation}" if situation else "")
    sent = " + ".join(str(each) for each in cost.waves)
    print(
        f"| {shown} | {cost.round_trips} | {sent} | {cost.read:g} | {cost.written:g} | {cost.objects or ''} | {cost.heard} |"
    )
    assert till.refused == (situation == " a repeat")  # which finds in its way what was sent before
    assert cost == promise
    assert till.waves
    assert till.waves.is_over


def _heard(field: str) -> str:
    return f"`{LINKS[field]}`" if field in LINKS else ""


def test_every_operation_has_a_price_and_nothing_else_has() -> None:
    wiring = json.loads(WIRING.read_text(encoding="utf-8"))
    fields = {name.split(".")[1] for name in wiring["fields"]} | set(wiring["services"])
    assert {name.partition(",")[0] for name in SCENES} == fields
    assert set(promises()) == set(SCENES)
