"""One joint history: a room and direct rooms of its people, what is derived from the streams, and who listens."""

from itertools import combinations
from random import Random
from typing import Any

from chat.rules.projections import Projection
from chat.steps.mention_projection import MentionProjection
from chat.steps.summarise_reactions import ReactionSummaries
from tests.guarantees.rooms.joint_api import JointApi
from tests.guarantees.rooms.joint_direct import DirectHistory
from tests.guarantees.rooms.joint_history import JointHistory
from tests.guarantees.rooms.joint_mine import Mine
from tests.guarantees.rooms.joint_sync import Synced
from tests.guarantees.rooms.joint_told import Told
from tests.guarantees.support.fixtures import process
from tests.guarantees.support.projected import Projected

PAIRS = 2


class JointRun:
    """`rooms`: the room of all, and direct ones. `publish`: what subscribers are given, `sender` or `stream`."""

    def __init__(self, client: Any, random: Random, from_joining: bool, publish: str) -> None:
        self._random, history = random, JointHistory(client, random, from_joining)
        self._clock = history.clock
        self.api = JointApi(publish, history.stream, process(client, history.clock), random)
        history.api = self.api
        self.rooms = [Told(each, self.api) for each in [history, *direct_rooms(history)]]
        self.away = [Synced(user, [each.history for each in self.rooms]) for user in history.people]
        self.mine = Mine(self.rooms, self.api)
        projections: list[Projection] = [
            MentionProjection(process(client, history.clock)),
            ReactionSummaries(process(history.stream.client, history.clock)),
            *([self.mine.projection] if self.mine.is_live else []),
        ]
        self.function = Projected(history.stream, projections, batch_size=random.randint(1, 30))

    def close(self) -> None:
        self.api.close()

    def step(self) -> None:
        """Something that somebody does, and perhaps what the streams tell of it."""
        random, room = self._random, self._random.choices(self.rooms, [3, *[2] * PAIRS])[0]
        room.step()
        history = room.history
        if inside := [user for user, person in history.people.items() if person.is_in]:
            history.check_unread(random.choice(inside), is_told=False)
        if random.random() < 0.25:
            (room.disconnect if random.random() < 0.2 else room.connect)(random.choice(list(history.people)))
        if random.random() < 0.15:
            self._come_back(random.choice(self.away), is_all_told=False)
        if random.random() < 0.7:
            self._read_stream()
        if random.random() < 0.2:
            self.function.run_as_lambda_may(random)
            self.mine.settle()
        if random.random() < 0.03:
            self.at_rest()

    def _read_stream(self) -> None:
        self.api.read_stream()
        for room in self.rooms:
            room.settle(is_all_told=True)
            room.check(is_all_told=False)

    def at_rest(self) -> None:
        """All is told: everybody has what they should, and nobody else anything."""
        self._clock.jump(2_000)
        self.function.run(attempts=200)
        self.mine.settle()
        self._read_stream()
        self.mine.check()
        for room in self.rooms:
            room.check(is_all_told=True)
            self._check_answers(room.history)
        for each in self.away:
            if self._random.random() < 0.5:
                self._come_back(each, is_all_told=True)

    def _come_back(self, synced: Synced, *, is_all_told: bool) -> None:
        synced.catch_up()
        synced.check(is_all_told=is_all_told)

    def _check_answers(self, history: JointHistory) -> None:
        for user, person in history.people.items():
            if not person.is_in:
                history.shut_out(user)
                continue
            history.check(user)
            assert history.found(user) == [each.seq for each in history.mentions_of(user)], user
            history.check_unread(user, is_told=True)
            history.quoted(user)


def direct_rooms(history: JointHistory) -> list[DirectHistory]:
    """Of some pairs of the room's people."""
    pairs = history.random.sample(list(combinations(history.people, 2)), PAIRS)
    consent = history.random.random() < 0.5
    return [
        DirectHistory(history.client, history.random, False, beside=history, pair=pair, consent=consent)
        for pair in pairs
    ]
