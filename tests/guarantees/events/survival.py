"""Many changes of some rooms while the stream's reader fails, repeats, is restarted, meets poison and falls behind the stream;
then what the consumer lacks is given out once more.

    python -m tests.guarantees.events.survival [--changes 10000] [--seed 1]

Prints the seed, what became of the stream, and what the consumer had before and after.
"""

import argparse
import json
import secrets
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from chat.deployment import Deployment
from chat.operations.read_stream import read_stream
from chat.operations.reemit_events import reemit_events
from chat.rules.events import RoomEvent
from chat.rules.models import Head, Role
from chat.rules.revisions import missing
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.emission import Emitter
from chat.steps.new_room import add_room
from chat.storage.aws import client as aws_client
from chat.storage.event_bus import EventBus
from chat.storage.event_items import event_of
from chat.storage.event_queue import EventQueue
from chat.storage.places import head_place
from chat.storage.store import Store
from simulator import demo
from simulator.engine import embedded
from simulator.engine_host import CREDENTIALS
from simulator.settings import REGION
from simulator.stream_mapping import Record
from simulator.streams import Checkpoints, MappingOptions, StreamPoller, enable_streams
from tests.guarantees.events.stream_records import other, sent
from tests.guarantees.events.unreliable_targets import Bus, Letters, Queue
from tests.guarantees.rooms.message_oracle import Refusal
from tests.guarantees.rooms.requests import call
from tests.guarantees.support.fixtures import FAST, pseudonym

USERS = ("ada", "ben", "cay", "dee", "eli")
RATE = 0.03
"""How often a target fails, in each request and each entry."""

Event = dict[str, Any]


class Rooms:
    """Whatever people do in some rooms."""

    def __init__(self, random: Random, deployment: Deployment, count: int) -> None:
        self.random, self.deployment = random, deployment
        self.ids = [self._made(number) for number in range(count)]
        self.messages: dict[str, list[tuple[str, str]]] = defaultdict(list)
        self.done: Counter[str] = Counter()

    def _made(self, number: int) -> str:
        room = Room.parse(f"room-{number}")
        members: Mapping[str, Role] = {"ada": "owner", "ben": "member", "cay": "member"}
        assert add_room(self.deployment.store, room, members, {**FAST, "visibility": "public"})
        return room.id

    def change(self) -> None:
        """Something that somebody tries; much of it is refused, and changes nothing."""
        room = self.random.choice(self.ids)
        verb = self.random.choices(list(VERBS), [weight for weight, _ in VERBS.values()])[0]
        user, arguments = VERBS[verb][1](self, room)
        if user is None:
            return
        answer = call(self.deployment, user, verb, roomId=room, **arguments)
        if isinstance(answer, Refusal):
            self.done[f"{verb} refused"] += 1
            return
        self.done[verb] += 1
        if verb == "sendMessage":
            self.messages[room].append((answer["id"], user))

    def head(self, room_id: str) -> Head:
        item = self.deployment.store.tables.get(head_place(Room.parse(room_id)))
        assert item
        return Head.of(item)

    def revisions(self) -> int:
        return sum(self.head(each).rev for each in self.ids)


def _send(rooms: Rooms, _: str) -> tuple[str | None, Mapping[str, Any]]:
    text = "x" * rooms.random.choice([3, 30, 300])
    return rooms.random.choice(USERS), {
        "text": text,
        "clientMessageId": str(uuid.UUID(int=rooms.random.getrandbits(128))),
    }


def _of_message(**arguments: Any) -> "Making":
    def make(rooms: Rooms, room: str) -> tuple[str | None, Mapping[str, Any]]:
        if not rooms.messages[room]:
            return None, {}
        message_id, sender = rooms.random.choice(rooms.messages[room][-20:])
        return sender, {"id": message_id, **arguments}

    return make


def _of_person(**arguments: Any) -> "Making":
    return lambda rooms, _: ("ada", {"userId": rooms.random.choice(USERS[1:]), **arguments})


def _alone(rooms: Rooms, _: str) -> tuple[str | None, Mapping[str, Any]]:
    return rooms.random.choice(USERS[1:]), {}


def _role(rooms: Rooms, _: str) -> tuple[str | None, Mapping[str, Any]]:
    role = rooms.random.choice(["MODERATOR", "MEMBER"])
    return "ada", {"userId": rooms.random.choice(USERS[1:]), "role": role}


def _name(rooms: Rooms, _: str) -> tuple[str | None, Mapping[str, Any]]:
    return "ada", {"name": f"Room {rooms.random.randrange(1_000)}"}


Making = Callable[[Rooms, str], tuple[str | None, Mapping[str, Any]]]
VERBS: dict[str, tuple[int, Making]] = {
    "sendMessage": (50, _send),
    "editMessage": (12, _of_message(text="edited")),
    "removeMessage": (5, _of_message()),
    "joinRoom": (6, _alone),
    "leaveRoom": (4, _alone),
    "addMember": (6, _of_person()),
    "removeMember": (4, _of_person()),
    "setRole": (4, _role),
    "muteMember": (3, _of_person(until="2100-01-01T00:00:00Z")),
    "banMember": (2, _of_person()),
    "unbanMember": (3, _of_person()),
    "updateRoom": (3, _name),
}


class TornPoller(StreamPoller):
    """Gets records of different items in another order than they were made, as a transaction's may come apart. `before`: by
    the number of a record that overtook others, that of the last before those. A stream goes on behind a number, so whoever
    goes on behind the first would pass by what it had overtaken: which is a fault of this disorder, and of no stream."""

    random: Random
    before: dict[str, str | None]
    newest: str | None = None

    def _records(self, shard: str) -> list[Record]:
        made = super()._records(shard)
        records = self._torn(list(made))
        numbers = [None, *(_number(each) for each in made)]
        numbers[0], self.newest = self.newest, numbers[-1] or self.newest
        for index, record in enumerate(records):
            overtaken = min((made.index(each) for each in records[index:]), default=index)
            if made[overtaken] is not record:
                self.before[_number(record)] = numbers[overtaken]
        return records

    def _torn(self, records: list[Record]) -> list[Record]:
        for index in range(len(records) - 1):
            keys = [
                json.dumps(each["dynamodb"]["Keys"], sort_keys=True) for each in records[index : index + 2]
            ]
            if keys[0] != keys[1] and self.random.random() < 0.3:
                records[index], records[index + 1] = records[index + 1], records[index]
        return records


def _number(record: Record) -> str:
    return str(record["dynamodb"]["SequenceNumber"])


class Survival:
    """One run. `consumed`: every event that came out, in its order, with repeats."""

    def __init__(self, endpoint: str, seed: int, rooms: int) -> None:
        self.random = Random(seed)  # noqa: S311  repeatable
        self.endpoint = endpoint
        self.dynamodb = aws_client("dynamodb", region=REGION, endpoint=endpoint, timeout=20)
        self.tables = {"CORE_TABLE": f"core-{seed}", "GUILD_TABLE": f"guild-{seed}"}
        demo.create_tables(self.dynamodb, self.tables)
        self.arn = enable_streams(endpoint, self.tables)[self.tables["CORE_TABLE"]]
        store = Store(self.dynamodb, {"core": self.tables["CORE_TABLE"], "guild": self.tables["GUILD_TABLE"]})
        self.deployment = replace(Deployment(store), additions_per_hour=10_000, pseudonym=pseudonym)
        self.bus = Bus(self.random, RATE, lambda _: False)
        self.queue, self.letters = Queue(self.random, RATE), Letters(self.random, RATE)
        self.emitter = Emitter(
            [EventQueue(self.queue, "https://sqs/events.fifo"), EventBus(self.bus, "events", "chat")],
            with_text=True,
            publishes=False,
            monotonic=time.monotonic,
        )
        self.did: Counter[str] = Counter()
        self.is_behind = False
        """Whether records pass by the function, for good: the stream has forgotten them."""
        self.passed: set[str] = set()
        """The events of those records."""
        self.poisons: set[tuple[str, str]] = set()
        """The keys of items that nobody can read."""
        self.has_met_poison = False
        """Whether the function has done with any of their records: they may pass by as well."""
        self.checkpoints = Checkpoints(None)
        self.overtook: dict[str, str | None] = {}
        self.poller = self.new_poller()
        self.rooms = Rooms(self.random, self.deployment, rooms)

    def new_poller(self) -> StreamPoller:
        for shard, number in list(self.checkpoints.numbers.items()):
            before = self.overtook.get(number, number)
            if before is None:
                del self.checkpoints.numbers[shard]
            else:
                self.checkpoints.numbers[shard] = before
        poller = TornPoller(
            self.endpoint,
            self.arn,
            self.invoke,
            self.checkpoints,
            threading.Event(),
            options=MappingOptions(attempts=1_000, retry_s=0.0),
        )
        poller.random, poller.before = self.random, self.overtook
        poller.newest = next(iter(self.checkpoints.numbers.values()), None)
        poller.prepare()
        return poller

    def invoke(self, event: Mapping[str, Any]) -> object:
        """The function; its process may die before it answers, when all or some is done."""
        records = json.loads(json.dumps(event))["Records"]
        if self.is_behind:
            self.passed |= {event.id for event in map(told, records) if event}
            return {"batchItemFailures": []}
        if self.random.random() < 0.05:
            records = records[: self.random.randrange(len(records) + 1)]
            self.read(records)
            self.did["died"] += 1
            return None
        return self.read(records)

    def read(self, records: list[Record]) -> object:
        read = read_stream(
            self.emitter, self.letters, records, self.deployment.now(), Tally(), time.monotonic() + 18
        )
        numbers = [each["dynamodb"]["SequenceNumber"] for each in records]
        done = records if read.failed is None else records[: numbers.index(read.failed)]
        keys = [each["dynamodb"]["Keys"] for each in done]
        self.has_met_poison |= any((each["PK"]["S"], each["SK"]["S"]) in self.poisons for each in keys)
        if read.failed is None:
            return {"batchItemFailures": []}
        self.did["failed"] += 1
        return {"batchItemFailures": [{"itemIdentifier": read.failed}]}

    def run(self, changes: int) -> None:
        while self.rooms.revisions() < changes:
            for _ in range(self.random.randrange(5, 60)):
                self.rooms.change()
            self.mishap()
            while self.random.random() < 0.9 and self.poller.step():
                pass
        self.heal()
        for room in self.rooms.ids:  # one more in each, so that a gap before it shows
            call(self.deployment, "ada", "updateRoom", roomId=room, name=f"The end {room}")
        while self.poller.step():
            pass

    def mishap(self) -> None:
        """What may happen to a reader between two batches."""
        kind = self.random.choices(
            ["nothing", "restart", "old checkpoint", "poison", "behind"], [40, 15, 10, 20, 8]
        )[0]
        self.did[kind] += 1
        if kind == "restart":
            self.poller = self.new_poller()
        elif kind == "old checkpoint":
            before = dict(self.checkpoints.numbers)
            self.poller.step()
            self.checkpoints.numbers = before  # what was written last is lost with the process
            self.poller = self.new_poller()
        elif kind == "poison":
            self.poison()
        elif kind == "behind":  # everything that waits is older than the stream keeps
            self.is_behind = True
            while self.poller.step():
                pass
            self.is_behind = False

    def poison(self) -> None:
        """An item of a room that nobody can read."""
        room = Room.parse(self.random.choice(self.rooms.ids))
        item = self.random.choice([sent, other])(room, 9_000_000_000 + self.random.randrange(10**9))
        name, value = self.random.choice(
            [
                ("seq", {"S": "7"}),
                ("epoch", {"BOOL": True}),
                ("id", {"N": "7"}),
                ("ts", {"S": "now"}),
                ("id", {"S": ""}),
            ]
        )
        item["SK"]["S"] = item["SK"]["S"].replace("MSG#1", "MSG#8")
        self.poisons.add((item["PK"]["S"], item["SK"]["S"]))
        self.dynamodb.put_item(TableName=self.tables["CORE_TABLE"], Item={**item, name: value})

    def heal(self) -> None:
        for each in (self.bus, self.queue, self.letters):
            each.heal()

    def truth(self) -> dict[str, Event]:
        """Every event by its id, as the stream told it when nothing was lost."""
        found: dict[str, Event] = {}
        whole = StreamPoller(self.endpoint, self.arn, lambda _: None, Checkpoints(None), threading.Event())
        whole.prepare()
        (shard, *others) = whole._mappings  # noqa: SLF001  all of it, past the function
        assert not others
        quiet = 0
        while quiet < 3:  # DynamoDB Local answers without records now and then
            records = whole._records(shard)  # noqa: SLF001  as above
            quiet = 0 if records else quiet + 1
            for record in records:
                event = told(record)
                if event and event.rev < 9_000_000_000 and event.room_id in self.rooms.ids:
                    found[event.id] = json.loads(json.dumps(event.to_wire(with_text=True)))
        return found

    def reemit(self, room_id: str, since: int, targets_fail: bool = True) -> list[list[int]]:
        """Give out what comes after a revision, until nothing is left. Gives the revisions that cannot be."""
        if targets_fail:
            self.bus.rate = self.queue.rate = RATE
        lacking: list[list[int]] = []
        position: int | None = since
        while position is not None:
            answer = reemit_events(
                self.deployment, self.emitter, {"roomId": room_id, "since": position}, Tally(), 60.0
            )
            lacking += answer["missing"]
            position = answer["next"]
        self.heal()
        return lacking


def told(record: Record) -> RoomEvent | None:
    """The event of a stream's record, where it has one that can be read."""
    image = record["dynamodb"].get("NewImage")
    try:
        return event_of(image) if image else None
    except (KeyError, TypeError, ValueError):
        return None


def received(documents: list[str]) -> dict[str, list[Event]]:
    """Events by their ids, each as often as it came."""
    found: dict[str, list[Event]] = defaultdict(list)
    for event in map(json.loads, documents):
        found[event["id"]].append(event)
    return found


def gaps_of(events: list[Event], head: Head) -> list[tuple[int, int]]:
    """What a consumer sees to be missing of a room."""
    revs = sorted({each["rev"] for each in events})
    return missing(revs, 0, revs[-1] if revs else 0, head)


def check(survival: Survival) -> str:
    """What is promised, and a line of numbers."""
    truth = survival.truth()
    by_room: dict[str, set[int]] = defaultdict(set)
    for event in truth.values():
        by_room[event["roomId"]].add(event["rev"])
    for room in survival.rooms.ids:
        assert by_room[room] == set(range(1, survival.rooms.head(room).rev + 1)), room
    before = received(survival.bus.taken)
    assert before.keys() <= truth.keys()
    lost = truth.keys() - before.keys()
    assert lost == (survival.passed & truth.keys()) - before.keys()  # what was passed by, and nothing else
    gaps = {
        room: gaps_of(
            [events[0] for events in before.values() if events[0]["roomId"] == room],
            survival.rooms.head(room),
        )
        for room in survival.rooms.ids
    }
    seen = {
        (room, rev)
        for room, ranges in gaps.items()
        for first, last in ranges
        for rev in range(first, last + 1)
    }
    assert seen == {(truth[each]["roomId"], truth[each]["rev"]) for each in lost}
    for room, ranges in gaps.items():
        if ranges:
            assert survival.reemit(room, ranges[0][0] - 1) == [], room
    after = received(survival.bus.taken)
    assert after.keys() == truth.keys()
    repeats = sum(len(each) - 1 for each in after.values())
    for event_id, events in after.items():
        for event in events:
            assert agrees(event, truth[event_id]), (event, truth[event_id])
    for room in survival.rooms.ids:
        ordered = sorted(
            (each[0] for each in after.values() if each[0]["roomId"] == room), key=lambda each: each["rev"]
        )
        assert [each["rev"] for each in ordered] == list(range(1, len(ordered) + 1))
    queued = received(survival.queue.taken)
    assert queued.keys() <= truth.keys()
    assert survival.letters.letters or not survival.has_met_poison
    return (
        f"{len(truth):,} revisions of {len(survival.rooms.ids)} rooms; the reader {dict(survival.did)}; "
        f"{len(survival.letters.letters)} dead letters; lost before {len(lost):,}, after 0; {repeats:,} repeats"
    )


def agrees(event: Event, original: Event) -> bool:
    """Whether it is the same event. One that was made again has the text of its message as that is now, or none, and not what
    nobody knows any more."""
    if not event["rebuilt"]:
        return event == original
    same = {name for name in original if name not in ("rebuilt", "message", "actorId", "epoch", "generation")}
    if {name: event[name] for name in same} != {name: original[name] for name in same}:
        return False
    if event["actorId"] not in (None, original["actorId"]) or event["epoch"] < original["epoch"]:
        return False
    if original["message"] is None:
        return event["message"] is None
    own, was = event["message"], original["message"]
    return (
        own["text"] in (None, was["text"])
        and own["version"] in (None, was["version"])
        and all(own[name] == was[name] for name in ("id", "seq", "senderId", "ts", "clientMessageId"))
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        description="Lose, repeat and poison events, and give them out once more."
    )
    parser.add_argument("--changes", type=int, default=10_000)
    parser.add_argument("--rooms", type=int, default=12)
    parser.add_argument("--seed", type=int, default=None)
    own = parser.parse_args()
    seed = secrets.randbelow(1_000_000) if own.seed is None else own.seed
    print(f"seed {seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as environment:
        for name, value in CREDENTIALS.items():
            environment.setenv(name, value)
        with embedded("ministack", Path(folder), in_memory=True) as endpoint:
            survival = Survival(endpoint, seed, own.rooms)
            survival.run(own.changes)
            print(dict(survival.rooms.done))
            print(check(survival))
    return 0


if __name__ == "__main__":
    sys.exit(main())
