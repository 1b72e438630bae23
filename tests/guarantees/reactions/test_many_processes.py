"""Many processes at once, on threads and a real clock: nothing is lost, and a room has one revision a second by them."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from random import Random
from threading import Thread
from typing import Any

from chat.deployment import Deployment
from chat.rules.models import Message
from chat.steps.summarise_reactions import ReactionSummaries
from tests.guarantees.reactions.people import ReactingRoom, changes_of, react_to, shown_in
from tests.guarantees.support.fixtures import new_room, process, send

PEOPLE = [f"p{number}" for number in range(12)]
WRITERS, READERS = 2, 4


class Crowd:
    """People who react by two processes, while four others are given any of the records, as often as they like."""

    def __init__(self, world: ReactingRoom) -> None:
        self.world = world
        self.room = new_room(world.client, *PEOPLE)
        self.messages: list[Message] = [send(world.people, self.room, user, "hi") for user in PEOPLE[:3]]
        self.wanted: dict[str, set[str]] = {each.id: set() for each in self.messages}
        self.failures: list[BaseException] = []
        self._is_over = False

    def run(self) -> None:
        writers = [Thread(target=self._guarded, args=(self._react, number)) for number in range(WRITERS)]
        readers = [Thread(target=self._guarded, args=(self._summarise, number)) for number in range(READERS)]
        for each in (*writers, *readers):
            each.start()
        for each in writers:
            each.join()
        self._is_over = True
        for each in readers:
            each.join(60)

    def _process(self) -> Deployment:
        made = Deployment(store=process(self.world.client, self.world.clock).store)
        return replace(made, deadline_s=20.0)

    def _guarded(self, call: Callable[[int], None], number: int) -> None:
        try:
            call(number)
        except BaseException as error:  # noqa: BLE001  the test reports it
            self.failures.append(error)

    def _react(self, number: int) -> None:
        ours, random = self._process(), Random(number)  # noqa: S311  repeatable
        for user in PEOPLE[number::WRITERS]:
            for message in self.messages:
                for on in (True, *[random.random() < 0.7 for _ in range(2)]):
                    react_to(ours, message, user, on=on)
                (self.wanted[message.id].add if on else self.wanted[message.id].discard)(user)

    def _summarise(self, number: int) -> None:
        summaries, random, seen = ReactionSummaries(self._process()), Random(number), 0  # noqa: S311  repeatable
        while not self._is_over or seen < len(self.world.stream.records):
            start, count = max(0, seen - random.randint(0, 5)), len(self.world.stream.records)
            upto = min(start + random.randint(30, 80), count)
            outcome = summaries.project(changes_of(self.world, start, upto), lambda: True)
            seen = max(seen, upto) if outcome.failure is None else seen


def test_nothing_is_lost_and_a_room_has_one_revision_a_second(functions_environ: None, client: Any) -> None:
    crowd = Crowd(ReactingRoom(client))
    crowd.run()
    assert crowd.failures == []
    for message in crowd.messages:
        count, names = shown_in(crowd.world.item(message).get("reactions")).get("👍", (0, []))
        assert count == len(crowd.wanted[message.id])
        assert set(names) <= crowd.wanted[message.id]
    instants = [each["ts"] for each in crowd.world.told(crowd.room)]
    assert all(later - earlier >= 1_000 for earlier, later in pairwise(instants))
    assert crowd.world.marks(crowd.room) == []
