"""Any batch of records, any failures: each sound event reaches every target, in its room's order; what is poisoned or refused is
pointed to; and nothing is raised."""

import json
import os
import secrets
from collections import defaultdict
from collections.abc import Iterable
from random import Random
from typing import Any

import pytest

from chat.operations.read_stream import read_stream
from chat.rules.outgoing import Target
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.emission import Emitter
from chat.steps.stream_batch import Reading
from chat.storage.event_bus import EventBus
from chat.storage.event_publisher import EventPublisher
from chat.storage.event_queue import EventQueue
from simulator.stream_mapping import ShardMapping
from tests.guarantees.events.stream_records import NOON, POISONS, Record, Records, image_id, other, rev_of
from tests.guarantees.events.unreliable_targets import Api, Bus, Letters, Queue
from tests.guarantees.support.fixtures import Clock

ROOMS = ("lobby", "plaza", "GUILD#dragons", "x" * 128)
RUNS = 1_000 if os.environ.get("PROVE") else 60


class World:
    """A reader with targets that fail, called as Lambda calls it, by one shard's mapping."""

    def __init__(self, random: Random) -> None:
        self.random = random
        rate = random.choice([0.0, 0.02, 0.2])
        self.bus = Bus(random, rate, lambda event_id: event_id.endswith("3"))
        self.queue, self.api, self.letters = Queue(random, rate), Api(random, rate), Letters(random, rate)
        self.clock = Clock()
        targets: list[Target] = [
            EventPublisher(self.api.post, "mutation"),
            EventBus(self.bus, "events", "chat"),
            EventQueue(self.queue, "https://sqs/events.fifo"),
        ]
        self.emitter = Emitter(targets, with_text=True, publishes=True, monotonic=self.ticking)
        self.mapping = ShardMapping(batch_size=random.choice([1, 7, 30, 100]), attempts=10_000)

    def ticking(self) -> float:
        self.clock.seconds += self.random.choice([0.0, 0.0, 0.5])
        return self.clock.seconds

    def read(self, batch: Any) -> Reading:
        return read_stream(self.emitter, self.letters, batch, NOON + 5_000, Tally(), self.clock.seconds + 18)

    def run(self, records: list[Record]) -> None:
        self.mapping.add(records)
        for call in range(10_000):
            if not (batch := self.mapping.batch()):
                return
            if call == 200:
                for each in (self.bus, self.queue, self.api, self.letters):
                    each.heal()
            batch = json.loads(json.dumps(batch))  # as it crosses to the function
            reading = self.read(batch)
            self.check_prefix(batch, reading)
            answer = {
                "batchItemFailures": [{"itemIdentifier": reading.failed}]
                if reading.failed is not None
                else []
            }
            assert self.mapping.done(batch, answer) == []
        raise AssertionError("the batch does not end")

    def check_prefix(self, batch: list[Record], reading: Reading) -> None:
        """What lies before the record that is reported has reached every target, or is pointed to."""
        done = []
        for record in batch:
            if record["dynamodb"]["SequenceNumber"] == reading.failed:
                break
            done.append(record)
        pointed = {letter.sequence_number for letter in self.letters.letters}
        queued = {rev_of(each) for each in self.queue.taken}
        for record in done:
            if record["sound"]:
                assert tuple(record["place"]) in queued
            elif record["poisoned"]:
                assert record["dynamodb"]["SequenceNumber"] in pointed


def plan(records: Records) -> list[Record]:
    """Up to two hundred records of some rooms."""
    found = []
    for _ in range(records.random.randrange(1, 200)):
        kind = records.random.random()
        if kind < 0.75:
            record = records.event(records.random.choice(ROOMS))
            record["sound"] = True
            item = record["dynamodb"]["NewImage"]
            room = item["PK"]["S"].removeprefix("ROOM#")
            record["place"] = (room, int((item.get("sentRev") or item["rev"])["N"]))
        else:
            record = records.poisoned() if kind < 0.9 else records.of_nothing()
            record["sound"] = False
            record["poisoned"] = kind < 0.9
        found.append(record)
    return found


@pytest.mark.timeout(1_800)  # with PROVE
def test_every_sound_event_reaches_every_target_in_its_rooms_order() -> None:
    seed = secrets.randbelow(1_000_000)
    print(f"seeds {seed} to {seed + RUNS - 1}")
    for run in range(seed, seed + RUNS):
        random = Random(run)  # noqa: S311  repeatable
        world, records = World(random), plan(Records(random))
        for record in records:
            record["dynamodb"].setdefault("Keys", {"PK": {"S": "ROOM#lobby"}, "SK": {"S": "MSG#1"}})
        world.run(records)
        sound = [each for each in records if each["sound"]]
        ids = [image_id(each) for each in sound]
        assert {json.loads(each)["id"] for each in world.queue.taken} == set(ids), run
        hopeless = {each for each in ids if each.endswith("3")}
        assert {json.loads(each)["id"] for each in world.bus.taken} == set(ids) - hopeless, run
        # The bus keeps no order anyway. A queue's group does, and so does who publishes one message after the other.
        assert in_order(map(rev_of, world.queue.taken), once=True), run
        places = {message_id(each): tuple(each["place"]) for each in sound}
        assert in_order([places[each] for each in world.api.taken], once=False), run
        pointed = {letter.sequence_number for letter in world.letters.letters}
        expected = {each["dynamodb"]["SequenceNumber"] for each in records if each.get("poisoned")}
        expected |= {each["dynamodb"]["SequenceNumber"] for each in sound if image_id(each).endswith("3")}
        assert pointed == expected, run
        assert "hello" not in "".join(letter.to_json() for letter in world.letters.letters), run


def message_id(record: Record) -> str:
    """Of what is published for it."""
    return str(record["dynamodb"]["NewImage"]["id"]["S"])


def in_order(places: Iterable[tuple[str, int]], *, once: bool) -> bool:
    """Whether each room's revisions come in their order; of repeats the first counts."""
    newest: dict[str, int] = defaultdict(int)
    seen: set[tuple[str, int]] = set()
    for room, rev in places:
        if (room, rev) in seen:
            assert not once
            continue
        seen.add((room, rev))
        if rev < newest[room]:
            return False
        newest[room] = rev
    return True


@pytest.mark.parametrize("number", range(len(POISONS)))
def test_each_poison_is_pointed_to_and_does_not_stop_what_follows(number: int) -> None:
    records = Records(Random(number))  # noqa: S311  repeatable
    poison = records.record(other(Room.parse("lobby"), 7))
    POISONS[number](poison)
    world = World(Random(0))  # noqa: S311  repeatable
    for each in (world.bus, world.queue, world.api, world.letters):
        each.heal()
    after = records.event("plaza")
    reading = world.read([poison, after])
    assert reading.failed is None
    (letter,) = world.letters.letters
    assert letter.sequence_number == poison["dynamodb"]["SequenceNumber"]
    assert letter.table in ("gg_core", None)
    assert [json.loads(each)["id"] for each in world.queue.taken] == [image_id(after)]


@pytest.mark.parametrize(
    "record", [None, 7, "x", [], {}, {"dynamodb": None}, {"dynamodb": []}, {"dynamodb": {"NewImage": {}}}]
)
def test_what_is_no_record_is_pointed_to(record: Any) -> None:
    world = World(Random(1))  # noqa: S311  repeatable
    world.letters.heal()
    reading = world.read([record])
    assert (reading.failed, len(world.letters.letters)) == (None, 1)
    world.letters.rate = 1.0
    assert world.read([record]).failed == ""  # without a number of its own the whole batch is sent again
