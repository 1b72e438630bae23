"""How much an erasure consumes and how long it takes, for so many messages in so many rooms. Prints what docs/privacy.md has.

    python -m tests.guarantees.erasure.figures [--messages N] [--rooms N] [--members N]

Every fourth message of a room is somebody else's, so that the person's are in runs of three.
"""

import argparse
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from chat.deployment import Deployment
from chat.operations.run_jobs import run_jobs
from chat.rules.models import Item
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.data_requests import Asking, list_erasures, make_request
from chat.storage import keys
from chat.storage.aws import client as aws_client
from chat.storage.items import key, values
from simulator.settings import REGION
from tests.guarantees.erasure.units import Units
from tests.guarantees.support.bulk import load_members, load_messages, put_all
from tests.guarantees.support.engine import engine
from tests.guarantees.support.fixtures import NOON, Clock, new_room, partition, process

RUN_S = 10.0
"""How long one run of `run_jobs` works."""


@dataclass(frozen=True, slots=True)
class Figures:
    """`units` and `read`: write and read units in all. `seconds`: of work, by the machine's clock. `heard`: revisions with an event of
    their own, by kind."""

    messages: int
    rooms: int
    units: float
    read: float
    seconds: float
    requests: int
    heard: dict[str, int]
    receipt: dict[str, Any]

    @property
    def per_message(self) -> float:
        return self.units / self.messages

    def __str__(self) -> str:
        return (
            f"{self.messages} messages in {self.rooms} rooms: {self.units:.0f} write units ({self.per_message:.2f} a message), "
            f"{self.read:.0f} read units, {self.requests} requests, {self.seconds:.1f} s "
            f"({self.messages / self.seconds:.0f} messages a second); heard {self.heard}; receipt {self.receipt}"
        )


def lived(client: Any, person: str, messages: int, rooms: int, members: int) -> list[str]:
    """Rooms with `members` others, in which somebody has sent `messages` in all, with the proofs of their sends."""
    made = []
    for number in range(rooms):
        room = new_room(client, members={"owner": "owner", person: "member"})
        own = messages // rooms + (number < messages % rooms)
        found = load_messages(client, room, own + own // 3, NOON - 10**9, person, step_ms=100)
        others = [each | {"senderId": {"S": "owner"}} for each in found[3::4]]
        put_all(client, "gg_core", others)
        gone = {each["SK"]["S"] for each in others}
        put_all(
            client,
            "gg_core",
            _proofs(person, room, [each for each in found if each["SK"]["S"] not in gone]),
        )
        if members:
            load_members(client, room, members)
        made.append(room)
    return made


def _proofs(person: str, room: str, messages: list[Item]) -> Iterator[Item]:
    for each in messages:
        proof = {
            "type": "Sent",
            "messageSk": each["SK"]["S"],
            "seq": int(each["seq"]["N"]),
            "hash": "0" * 32,
        }
        sort_key = keys.sent(Room.parse(room).partition_key, each["id"]["S"])
        yield key(keys.user_partition(person), sort_key) | values(
            proof | {"expiresAt": NOON // 1_000 + 86_400}
        )


def measured(ours: Deployment, client: Any, units: Units, messages: int, rooms: int, members: int) -> Figures:
    """One erasure. `ours` is on the client that `units` counts."""
    person = f"eve-{uuid.uuid4()}"
    made = lived(client, person, messages, rooms, members)
    make_request(ours, person, "ERASURE", Asking("OPERATOR", None), 0, Tally())
    units.clear()
    begin = time.perf_counter()
    while not (done := list_erasures(ours, person)):
        assert not run_jobs(ours, RUN_S, Tally()).failures
    seconds = time.perf_counter() - begin
    heard: dict[str, int] = {}
    for room in made:
        for item in partition(client, "gg_core", Room.parse(room).partition_key, keys.EVENTS):
            heard[item["kind"]["S"]] = heard.get(item["kind"]["S"], 0) + 1
    requests = sum(units.requests.values())
    return Figures(messages, rooms, units.writes, units.read, seconds, requests, heard, done[0].counted())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--rooms", type=int, default=10)
    parser.add_argument("--members", type=int, default=0)
    own = parser.parse_args()
    with engine(None) as address:
        client = aws_client("dynamodb", region=REGION, endpoint=address, timeout=20, connections=40)
        probe = aws_client("dynamodb", region=REGION, endpoint=address, timeout=20, connections=40)
        ours = process(client, Clock())
        figures = measured(ours, probe, Units(client, probe), own.messages, own.rooms, own.members)
        print(figures)


if __name__ == "__main__":
    main()
