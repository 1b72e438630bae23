"""The number of pins in a room's head is that of its pins, and `pins` lists those whose messages are to be had, whatever is
pinned, unpinned, removed and expires: any run of steps, against a model. The seed is printed."""

from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest

from chat.deployment import Deployment
from chat.rules.rooms import Room
from chat.steps.pins import MOST_PINS
from chat.steps.roster import read_members
from tests.guarantees.rooms.message_oracle import Refusal
from tests.guarantees.rooms.requests import call
from tests.guarantees.support.chance import seeded
from tests.guarantees.support.fixtures import DAY_MS, FAST, Clock, new_room, partition, process, store_of

STEPS = 150
KEPT_DAYS = 7


@dataclass
class Sent:
    """A message, and when it expires (ms)."""

    id: str
    expires: int
    removed: bool = False


def word(outcome: Any) -> str:
    """The reason of a refusal, or its name; `ok` without one."""
    return outcome.reason or outcome.code if isinstance(outcome, Refusal) else "ok"


@dataclass
class Run:
    """One run: the room, and what is expected of it."""

    client: Any
    chance: Random
    clock: Clock
    room: Room
    ours: list[Deployment]
    sent: list[Sent] = field(default_factory=list)
    pinned: list[Sent] = field(default_factory=list)
    """The oldest pin first, with those whose messages have expired."""

    def call(self, user: str, verb: str, **arguments: Any) -> Any:
        return call(self.chance.choice(self.ours), user, verb, roomId=self.room.id, **arguments)

    def is_gone(self, message: Sent) -> bool:
        return self.clock.ms // 1_000 > message.expires // 1_000

    def send(self) -> Sent:
        self.clock.sleep(1)
        answer = self.call("mo", "sendMessage", text="m")
        self.sent.append(Sent(answer["id"], self.clock.ms + KEPT_DAYS * DAY_MS))
        return self.sent[-1]

    def pin(self, message: Sent) -> None:
        outcome = word(self.call("ann", "pinMessage", id=message.id))
        assert outcome == self.expected_of_pinning(message)
        if outcome == "ok" and message not in self.pinned:
            self.pinned.append(message)

    def expected_of_pinning(self, message: Sent) -> str:
        if self.is_gone(message):
            return "InvalidInput"
        if message in self.pinned:
            return "ok"
        if message.removed:
            return "removed"
        there = [each for each in self.pinned if not self.is_gone(each)]
        if len(self.pinned) >= MOST_PINS and len(there) < MOST_PINS:
            self.pinned = there
        return "tooManyPins" if len(there) >= MOST_PINS else "ok"

    def unpin(self, message: Sent) -> None:
        outcome = word(self.call("mo", "unpinMessage", id=message.id))
        assert outcome == ("InvalidInput" if self.is_gone(message) and message not in self.pinned else "ok")
        self.forget(message)

    def remove(self, message: Sent) -> None:
        outcome = word(self.call("ann", "removeMessage", id=message.id))
        assert outcome == ("InvalidInput" if self.is_gone(message) else "ok")
        if outcome == "ok":
            message.removed = True
            self.forget(message)

    def forget(self, message: Sent) -> None:
        self.pinned = [each for each in self.pinned if each is not message]

    def check(self) -> None:
        head, _ = read_members(store_of(self.client), self.room, ["ann"])
        items = partition(self.client, "gg_core", self.room.partition_key, "PIN#")
        assert head
        assert head.pins == len(items) == len(self.pinned)
        listed = [each["message"]["id"] for each in self.call("mo", "pins")]
        assert listed == [each.id for each in reversed(self.pinned) if not self.is_gone(each)]


@pytest.mark.parametrize("pins_before", [0, MOST_PINS - 5])
def test_the_number_is_that_of_the_items_and_the_list_that_of_the_messages(
    client: Any, pins_before: int
) -> None:
    clock, settings = Clock(), FAST | {"retentionDays": KEPT_DAYS}
    room = new_room(client, settings=settings, members={"ann": "owner", "mo": "moderator"})
    ours = [process(client, clock) for _ in range(2)]
    run = Run(client, seeded(), clock, Room.parse(room), ours)
    for _ in range(pins_before):
        run.pin(run.send())
    for _ in range(STEPS):
        clock.sleep(run.chance.choice([0, 1, 1, DAY_MS // 4_000]))
        step = run.chance.choice(["send"] * 4 + ["pin"] * 6 + ["unpin"] * 2 + ["remove"])
        if step == "send" or not run.sent:
            run.send()
            continue
        {"pin": run.pin, "unpin": run.unpin, "remove": run.remove}[step](run.chance.choice(run.sent[-60:]))
        run.check()
