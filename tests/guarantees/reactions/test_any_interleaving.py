"""Whatever people do in whatever order, and however the stream's records come: messages say in the end who reacts to them, and
whoever catches up from anywhere comes to the same.

A run is a random list of steps, repeated by its seed, which is printed.
"""

import itertools
import os
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest

from chat.operations.sync import sync
from chat.rules.errors import NotAllowed, RateLimited
from chat.rules.models import Caller, Head, Message
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.rebuilding import rebuild
from chat.storage import keys
from chat.storage.places import head_place
from tests.guarantees.reactions.people import ReactingRoom, counted, mine, react_to, shown_in, who_reacts
from tests.guarantees.support.fixtures import (
    CURSOR_KEYS,
    FAST,
    edit,
    follow,
    new_room,
    partition,
    plain,
    read_changes,
    remove,
    send,
    table_name,
)
from tests.guarantees.support.revisions import check_every_revision_is_told, stored_events

PEOPLE = [f"p{number}#%" for number in range(9)]
EMOJI = ["👍", "❤️", "#️⃣", "🏳️‍🌈", ":party_parrot:", "👩🏿‍🤝‍👨🏻"]
RUNS, STEPS = (200, 120) if os.environ.get("PROVE") else (4, 45)

Wire = dict[str, Any]


@dataclass
class Client:
    """What somebody holds of the room, by `changes` and by `sync`."""

    head: Wire
    held: dict[str, Wire]
    token: str
    synced: dict[str, Wire] = field(default_factory=dict)

    def take(self, held: dict[str, Wire], items: list[Wire]) -> None:
        for each in items:
            known = held.get(each["id"])
            if known is None or (known["rev"] or 0) < (each["rev"] or 0):
                held[each["id"]] = each


class Run:
    """One run."""

    def __init__(self, client: Any, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311  repeatable
        self.world = ReactingRoom(client, batch_size=30)
        self.room = new_room(self.world.client, *PEOPLE, settings=FAST)
        self.messages: list[Message] = []
        self.removed: set[str] = set()
        self.reacting: dict[str, set[tuple[str, str]]] = {}
        self.clients: list[Client] = []
        self.told: dict[int, Wire] = {}
        """Each event as it was when it was made, by `rev`."""

    def go(self, steps: int) -> None:
        self.send()
        self.note()
        does = [
            self.send,
            *[self.react] * 12,
            self.edit,
            self.remove,
            *[self.summarise] * 2,
            self.wait,
            self.join,
        ]
        for _ in range(steps):
            self.random.choice(does)()
            self.note()
        self.join()
        self.world.projected.run(attempts=200)
        self.note()
        self.world.projected.again(self.random)

    def note(self) -> None:
        for event in stored_events(self.world.client, self.room):
            self.told.setdefault(event.rev, event.to_wire(with_text=True))

    def send(self) -> None:
        user = self.random.choice(PEOPLE)
        message = send(self.world.people, self.room, user, "hi")
        self.messages.append(message)
        self.reacting[message.id] = set()

    def react(self) -> None:
        message, user = self.random.choice(self.messages), self.random.choice(PEOPLE)
        emoji, on = self.random.choice(EMOJI), self.random.random() < 0.65
        try:
            react_to(self.world.people, message, user, emoji, on=on)
        except RateLimited:
            self.world.clock.sleep(1)
            return
        except NotAllowed:
            assert message.id in self.removed
            return
        assert message.id not in self.removed
        (self.reacting[message.id].add if on else self.reacting[message.id].discard)((emoji, user))

    def edit(self) -> None:
        message = self.random.choice(self.messages)
        if message.id not in self.removed:
            edit(self.world.people, message, f"text {self.random.random()}")

    def remove(self) -> None:
        message = self.random.choice(self.messages)
        if self.random.random() < 0.4:
            remove(self.world.people, message)
            self.removed.add(message.id)

    def summarise(self) -> None:
        """Some of the records: the next ones, earlier ones once more, or any of both in any order."""
        records, done, random = self.world.stream.records, self.world.projected.done, self.random
        if random.random() < 0.5:
            batch = records[done : done + random.randint(1, 30)]
            if batch and self.world.projected.feed(batch) is None:
                self.world.projected.done += len(batch)
            return
        batch = random.sample(records, min(len(records), random.randint(1, 20)))
        self.world.projected.feed(batch)

    def wait(self) -> None:
        self.world.clock.sleep(self.random.choice([0.001, 0.1, 0.5, 1.2, 12.0]))

    def join(self) -> None:
        """Somebody reads the room as it is now, and goes away."""
        items = [each.to_wire() for each in follow(self.world.people, self.room, PEOPLE[0])]
        head = read_changes(self.world.people, self.room, PEOPLE[0], since=0)["head"]
        answer = self.sync(None)
        held = {each["id"]: each for each in items}
        self.clients.append(Client(head, held, answer["token"], dict(held)))

    def sync(self, token: str | None, limit: int = 50) -> Wire:
        given = {"since": token, "limit": limit}
        return sync(self.world.people, CURSOR_KEYS, Caller(PEOPLE[0]), given, Tally())

    # what holds in the end

    def check(self) -> None:
        self.check_messages()
        self.check_lists()
        self.check_revisions()
        self.check_told_again()
        everything = {each.id: each.to_wire() for each in follow(self.world.people, self.room, PEOPLE[0])}
        for client in self.clients:
            self.check_changes(client, everything)
            self.check_sync(client, everything)
        assert not self.world.projected.letters.put_aside
        assert self.world.marks(self.room) == []

    def check_messages(self) -> None:
        for message in self.messages:
            item = self.world.item(message)
            if message.id in self.removed:
                assert "reactions" not in item
                assert "text" not in item
                continue
            shown = shown_in(item.get("reactions"))
            reacting = self.reacting[message.id]
            assert {emoji: count for emoji, (count, _) in shown.items()} == counted(reacting)
            for emoji, (count, names) in shown.items():
                assert len(names) == len(set(names)) == min(3, count)
                assert {(emoji, name) for name in names} <= reacting

    def check_lists(self) -> None:
        for message in self.messages:
            reacting = set() if message.id in self.removed else self.reacting[message.id]
            found = who_reacts(self.world.people, message, PEOPLE[1], limit=self.random.randint(1, 9))
            assert len(found) == len(set(found))
            assert set(found) == reacting
            emoji = self.random.choice(EMOJI)
            some = who_reacts(self.world.people, message, PEOPLE[1], limit=2, emoji=emoji)
            assert set(some) == {each for each in reacting if each[0] == emoji}
        for user in PEOPLE[:3]:
            own = {
                message.id: {emoji for emoji, who in self.reacting[message.id] if who == user}
                for message in self.messages
                if message.id not in self.removed
            }
            assert mine(self.world.people, user, *self.messages) == {
                id_: each for id_, each in own.items() if each
            }

    def check_revisions(self) -> None:
        """At most one in a second, and no number of a message by them."""
        room = Room.parse(self.room)
        check_every_revision_is_told(self.world.client, self.room, since=2)
        instants = [each["ts"] for each in self.world.told(self.room)]
        assert all(later - earlier >= 1_000 for earlier, later in itertools.pairwise(instants))
        assert len(instants) == len(self.world.entries(self.room))
        (head,) = partition(self.world.client, table_name(room), room.partition_key, keys.HEAD)
        assert plain(head)["seq"] == len(self.messages)
        assert [self.world.item(each)["seq"] for each in self.messages] == list(
            range(1, len(self.messages) + 1)
        )

    def check_told_again(self) -> None:
        """No event is lost by a summary: all are made again of the tables, the messages' last ones as they were."""
        item = self.world.people.store.tables.get(head_place(Room.parse(self.room)))
        assert item is not None
        again, position = list[Wire](), 1  # the room was made by the machine's clock
        while position < int(item["rev"]["N"]):
            found = rebuild(
                self.world.people, Room.parse(self.room), Head.of(item), position, int(item["rev"]["N"])
            )
            assert found.missing == []
            again += [event.to_wire(with_text=True) for event in found.events]
            position = found.up_to
        assert [each["rev"] for each in again] == list(range(2, len(self.told) + 1)) == sorted(self.told)[1:]
        newest = {each["message"]["id"]: each["rev"] for each in again if each["message"]}
        for each in again:
            first = self.told[each["rev"]]
            assert each["kind"] == first["kind"]
            if each["message"] is None or newest[each["message"]["id"]] == each["rev"]:
                assert each == first

    def check_changes(self, client: Client, everything: dict[str, Wire]) -> None:
        token = None
        while True:
            limit = self.random.randint(1, 12)
            page = read_changes(
                self.world.people, self.room, PEOPLE[0],
                since=client.head["rev"], after=client.head["ts"], limit=limit, nextToken=token,
            )  # fmt: skip
            assert not page["reset"]
            assert len(page["items"]) <= limit
            client.take(client.held, page["items"])
            token = page["nextToken"]
            if token is None:
                break
        assert client.held == everything

    def check_sync(self, client: Client, everything: dict[str, Wire]) -> None:
        token, more = client.token, True
        while more:
            answer = self.sync(token, limit=self.random.randint(1, 12))
            for room in answer["rooms"]:
                assert not room["reset"]
                client.take(client.synced, room["messages"])
            token, more = answer["token"], answer["more"]
        assert client.synced == everything


@pytest.mark.timeout(1_800)  # with PROVE
@pytest.mark.parametrize("number", range(RUNS))
def test_in_the_end_messages_say_who_reacts(functions_environ: None, client: Any, number: int) -> None:
    seed = Random().randrange(2**32) if number else 20_261_127  # noqa: S311  printed
    print(f"seed {seed}")
    run = Run(client, seed)
    run.go(STEPS)
    run.check()
