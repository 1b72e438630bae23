"""What is made again of the tables is what was told the first time, whatever happened in a room, through generations of the
tables: every event with its id, order and people, and never a text that was changed or removed since."""

import json
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from chat.deployment import Deployment
from chat.operations.reemit_events import reemit_events
from chat.rules.models import Role
from chat.rules.tally import Tally
from chat.steps.emission import Emitter
from chat.storage.event_bus import EventBus
from tests.guarantees.events.unreliable_targets import Bus
from tests.guarantees.rooms.message_oracle import Refusal
from tests.guarantees.rooms.requests import call
from tests.guarantees.support.fixtures import FAST, MovingClock, new_room, process
from tests.guarantees.support.revisions import stored_events

NOW = 1_795_737_600_000
"""What is stored by the machine's clock is not expired by this one."""
MEMBERS: Mapping[str, Role] = {"ann": "owner", "ben": "member", "cay": "moderator"}
ROOMS, STEPS, MOST_GENERATIONS = 5, 50, 4
VERBS: Mapping[str, tuple[int, Any]] = {
    "sendMessage": (4, lambda random: {"text": f"TEXT{random.random()}", "clientMessageId": str(uuid.UUID(int=random.getrandbits(128)))}),
    "editMessage": (4, lambda random: {"text": f"TEXT{random.random()}"}),
    "removeMessage": (1, lambda _: {}),
    "joinRoom": (1, lambda _: {}),
    "leaveRoom": (1, lambda _: {}),
    "addMember": (1, lambda random: {"userId": random.choice(["ben", "dee"])}),
    "removeMember": (1, lambda random: {"userId": random.choice(["ben", "dee"])}),
    "banMember": (1, lambda _: {"userId": "dee"}),
    "unbanMember": (1, lambda _: {"userId": "dee"}),
    "updateRoom": (1, lambda random: {"name": f"Room {random.random()}"}),
    "setRole": (1, lambda random: {"userId": "ben", "role": random.choice(["MODERATOR", "MEMBER"])}),
}  # fmt: skip


class Room:
    """Whatever happens in a room. `told`: the events as each was when it was made, by `rev`."""

    def __init__(self, client: Any, random: Random) -> None:
        self._client, self._random, self._clock = client, random, MovingClock(NOW)
        self.generation = 1
        self.ours = self._process()
        self.id = new_room(client, settings=FAST | {"visibility": "public"}, members=MEMBERS)
        self.told: dict[int, dict[str, Any]] = {}
        self._messages: list[tuple[str, str]] = []
        self._note()

    def _process(self) -> Deployment:
        made = process(self._client, self._clock, generation=self.generation)
        return replace(made, additions_per_hour=10_000)

    def _note(self) -> None:
        for event in stored_events(self._client, self.id):
            self.told.setdefault(event.rev, event.to_wire(with_text=True))

    def step(self) -> None:
        if self.generation < MOST_GENERATIONS and self._random.random() < 0.06:
            self.generation += self._random.choice([1, 1, 2])
            self.ours = self._process()
        verb = self._random.choices(list(VERBS), [weight for weight, _ in VERBS.values()])[0]
        who, arguments = (
            self._random.choice(["ann", "ann", "ben", "cay", "dee"]),
            VERBS[verb][1](self._random),
        )
        if verb in ("editMessage", "removeMessage"):
            if not self._messages:
                return
            message_id, who = self._random.choice(self._messages[-6:])
            arguments["id"] = message_id
        answer = call(self.ours, who, verb, roomId=self.id, **arguments)
        if verb == "sendMessage" and not isinstance(answer, Refusal):
            self._messages.append((answer["id"], who))
        self._note()

    def again(self) -> list[dict[str, Any]]:
        bus = Bus(self._random, 0.0, lambda _: False)
        emitter = Emitter(
            (EventBus(bus, "b", "chat"),), with_text=True, publishes=False, monotonic=lambda: 0.0
        )
        position: int | None = 0
        while position is not None:
            answer = reemit_events(self.ours, emitter, {"roomId": self.id, "since": position}, Tally(), 60.0)
            assert answer["missing"] == []
            position = answer["next"]
        return list(map(json.loads, bus.taken))


@pytest.mark.timeout(120)
def test_whatever_happened_in_a_room_is_told_again_as_it_was(client: Any) -> None:
    seed = secrets.randbelow(1_000_000)
    for number in range(ROOMS):
        print(f"seed {seed + number}")
        room = Room(client, Random(seed + number))  # noqa: S311  repeatable
        for _ in range(STEPS):
            room.step()
        again = room.again()
        assert [each["rev"] for each in again] == sorted(room.told)
        newest = {each["message"]["id"]: each["rev"] for each in again if each["message"]}
        for each in again:
            first = room.told[each["rev"]] | {"rebuilt": True}
            if each["message"] is None or newest[each["message"]["id"]] == each["rev"]:
                assert each == first
                continue
            assert "TEXT" not in json.dumps(each)
            same = ("id", "kind", "roomId", "rev", "seq", "generation", "ts")
            assert [each[name] for name in same] == [first[name] for name in same]
            assert each["actorId"] in (first["actorId"], None)
            assert each["epoch"] >= first["epoch"]
