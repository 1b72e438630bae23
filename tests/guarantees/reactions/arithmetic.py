"""What a thousand reactions in a second to one message take: requests and units of each kind of partition, counted from a run of
the code itself on moto, in process. It tells no engine's rate: the clock is moved by hand.

    python -m tests.guarantees.reactions.arithmetic [members …]
"""

import os
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

from chat.rules.models import Message
from chat.rules.rooms import Room
from chat.steps.summarise_reactions import ReactionSummaries
from chat.storage.aws import client as aws_client
from simulator import demo
from simulator.keys import local_secrets
from simulator.settings import REGION, become, functions_environment
from tests.guarantees.costs.capacity import read_units, write_units
from tests.guarantees.reactions.people import react_to
from tests.guarantees.support.fixtures import Clock, change_member, new_room, process, send
from tests.guarantees.support.meter import size
from tests.guarantees.support.projected import Projected, Stream
from tests.moto_engine import in_process

EMOJI = ["👍", "❤️", "😂", "🎉", "😮"]
KINDS = ("ROOM#", "USER#", "REACT#", "REACTIONS#")


class Metered:
    """A client whose units are counted by partition key."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.requests: Counter[str] = Counter()
        self.read: defaultdict[str, float] = defaultdict(float)
        self.written: defaultdict[str, float] = defaultdict(float)

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._client, name)
        if name not in ("get_item", "batch_get_item", "query", "update_item", "transact_write_items"):
            return call

        def counted(**request: Any) -> Any:
            self.requests[name] += 1
            if name in ("update_item", "transact_write_items"):
                return self._write(call, request, transacted=name == "transact_write_items")
            answer = call(**request)
            self._count_read(name, request, answer)
            return answer

        return counted

    def _count_read(self, name: str, request: dict[str, Any], answer: dict[str, Any]) -> None:
        if name == "query":
            key = request["ExpressionAttributeValues"][":pk"]["S"]
            sizes = [size(item) for item in answer["Items"]]
            self.read[key] += read_units(sizes, consistent=request["ConsistentRead"])
        elif name == "get_item":
            units = read_units([size(answer.get("Item", {}))], consistent=request["ConsistentRead"])
            self.read[request["Key"]["PK"]["S"]] += units
        else:
            for table, wanted in request["RequestItems"].items():
                found = {(i["PK"]["S"], i["SK"]["S"]): size(i) for i in answer["Responses"].get(table, ())}
                for key in wanted["Keys"]:
                    own = found.get((key["PK"]["S"], key["SK"]["S"]), 0)
                    self.read[key["PK"]["S"]] += read_units([own], consistent=wanted["ConsistentRead"])

    def _write(self, call: Any, request: dict[str, Any], *, transacted: bool) -> Any:
        parts = (
            [part for each in request["TransactItems"] for part in each.values()] if transacted else [request]
        )
        places = [
            (part["TableName"], {n: (part.get("Key") or part["Item"])[n] for n in ("PK", "SK")})
            for part in parts
        ]
        before = [self._item(*place) for place in places]
        try:
            return call(**request)
        finally:
            for (table, key), was in zip(places, before, strict=True):
                units = write_units(was, self._item(table, key))
                self.written[key["PK"]["S"]] += units * (2 if transacted else 1)

    def _item(self, table: str, key: Any) -> Any:
        return self._client.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item")

    def by_kind(self) -> Iterator[tuple[str, float, float, float, float]]:
        """For each kind of partition: units read and written in all, and of the one that has most."""
        for kind in KINDS:
            read = [units for key, units in self.read.items() if key.startswith(kind)]
            written = [units for key, units in self.written.items() if key.startswith(kind)]
            yield kind, sum(read), max(read, default=0), sum(written), max(written, default=0)


def show(name: str, meter: Metered) -> None:
    print(f"{name}: {sum(meter.requests.values())} requests: {dict(meter.requests)}")
    for kind, read, most_read, written, most_written in meter.by_kind():
        print(f"  {kind:12} RCU {read:7g}, of one {most_read:7g}; WCU {written:7g}, of one {most_written:7g}")


def run(client: Any, members: int, kinds: int) -> None:
    """A second of reactions, as many as the rate lets so many members make, then its summaries."""
    clock, stream = Clock(), Stream(client)
    reacting, summing = Metered(stream.client), Metered(client)
    people = [f"person-{number:04d}" for number in range(members)]
    room = new_room(client, *people[:40])
    for user in people[40:]:
        change_member(client, room, user, status="active", role="member", joinedSeq=0)
    message = send(process(client, clock), room, people[0], "Good morning, everybody.")
    ours, count = process(reacting, clock), min(1_000, 20 * members)
    for number in range(count):
        turn, person = divmod(number, members)
        emoji, on = EMOJI[(turn + person) % kinds], turn // kinds % 2 == 0
        react_to(ours, message, people[person], emoji, on=on)
        clock.ms += 1_000 // count
    print(f"\n{members} members, {count} reactions in a second with {kinds} emoji")
    show("react", reacting)
    summarise(stream, summing, clock, room, message)


def summarise(stream: Stream, summing: Metered, clock: Clock, room: str, message: Message) -> None:
    projected = Projected(stream, [ReactionSummaries(process(summing, clock))], batch_size=100)
    began = clock.ms
    with redirect_stdout(StringIO()):
        projected.run()
    batches = -(-projected.done // 100)
    items = stream.client.query(
        TableName="gg_core",
        KeyConditionExpression="PK = :pk AND begins_with(SK, :sk)",
        ExpressionAttributeValues={":pk": {"S": Room.parse(room).partition_key}, ":sk": {"S": "EVT#"}},
    )["Items"]
    told = [item for item in items if item["kind"]["S"] == "REACTIONS_CHANGED"]
    print(
        f"summaries: {batches} batches of 100 in turn, {clock.ms - began} ms waited, {len(told)} revisions and notices"
    )
    show("project_stream", summing)
    print(f"  the notice of one message has {max(len(item['notices']['S'].encode()) for item in told)} bytes")


@contextmanager
def environment() -> Iterator[str]:
    os.environ |= {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
    with in_process() as endpoint, tempfile.TemporaryDirectory() as folder:
        secrets = local_secrets(Path(folder))
        become(functions_environment(endpoint=endpoint, secrets=secrets, jwks={}, objects=None))
        demo.create_tables(aws_client("dynamodb", region=REGION, endpoint=endpoint))
        yield endpoint


if __name__ == "__main__":
    with environment() as address:
        dynamodb = aws_client("dynamodb", region=REGION, endpoint=address, timeout=20)
        for people_there in map(int, sys.argv[1:] or ("10", "100", "1000")):
            run(dynamodb, people_there, 3)
