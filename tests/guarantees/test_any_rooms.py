"""Whatever people do in several rooms, over processes that remember old things: each answer is as an oracle in plain Python
says, and what a client had, with what `sync`, `changes` and live events brought, is what it would get afresh. A failure
prints the steps, and a blob that repeats them; PROVE=1 looks at many more."""

import os
import sys
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    invariant,
    rule,
    run_state_machine_as_test,
)

from tests.guarantees.rooms_steps import ACTORS, LIMITS, ORDERS, PEOPLE, PROCESSES, ROOMS, Steps
from tests.guarantees.rooms_talk import IN, No


class AnyRooms(Steps):
    """And those who follow what happens."""

    @rule(number=PROCESSES, who=ACTORS, place=ROOMS, stale=st.booleans())
    def a_client_subscribes(self, number: int, who: int, place: int, stale: bool) -> None:
        room = self.world.room(place)
        user = self.world.actor(room, who)
        epoch = room.epoch - stale
        expected = room.enter(user, IN)
        if not isinstance(expected, No) and stale:
            expected = No("StaleEpoch")
        answer = self.world.live.subscribe(
            self.world.processes[number], self.world.clients[user], room.id, epoch
        )
        assert answer == (expected if isinstance(expected, No) else None)

    @rule(
        who=PEOPLE,
        order=st.randoms(use_true_random=False),
        dropped=st.integers(0, 2),
        doubled=st.integers(0, 2),
    )
    def events_arrive(self, who: int, order: Any, dropped: int, doubled: int) -> None:
        """In any order, some not at all and some twice."""
        client = self.world.clients[self.world.user(who)]
        frames, client.inbox = client.inbox, []
        order.shuffle(frames)
        for frame in frames[:dropped]:
            client.subscriptions[frame["roomId"]].whole = False
        for frame in [*frames[dropped:], *frames[-doubled:]] if doubled else frames[dropped:]:
            client.hear(frame)
        self.world.has_all_that_was_told(client)

    @rule(number=PROCESSES, who=PEOPLE, limit=st.integers(1, 3))
    def somebody_begins_anew(self, number: int, who: int, limit: int) -> None:
        self.world.looks(number, self.world.user(who), limit)

    @rule(number=PROCESSES, who=PEOPLE, place=ROOMS, order=ORDERS, limit=LIMITS)
    def somebody_reads(self, number: int, who: int, place: int, order: str, limit: int) -> None:
        self.world.reads(number, self.world.user(who), self.world.room(place), order=order, limit=limit)

    @rule(number=PROCESSES, who=PEOPLE, place=ROOMS, limit=st.integers(1, 3))
    def somebody_asks_who_is_there(self, number: int, who: int, place: int, limit: int) -> None:
        self.world.asks_who_is_there(number, self.world.user(who), self.world.room(place), limit)

    @rule(number=PROCESSES, who=ACTORS, place=ROOMS, seq=st.integers(0, 5), limit=st.integers(1, 3))
    def somebody_asks_how_far_they_are(self, number: int, who: int, place: int, seq: int, limit: int) -> None:
        room = self.world.room(place)
        user = self.world.actor(room, who)
        self.world.asks_how_far_they_are(number, user, room, min(seq, len(room.said)), limit)

    @invariant()
    def heads_are_as_the_oracle_says(self) -> None:
        heads = self.world.heads()
        for name, room in self.world.rooms.items():
            head = heads[name]
            told = (head["seq"], head["rev"], head["epoch"], head["owners"])
            assert told == (len(room.said), room.rev, room.epoch, len(room.owners()))
            assert room.owners()

    def teardown(self) -> None:
        """What is stored in the end, unless the steps have failed."""
        if sys.exc_info()[0]:
            return
        for room in self.world.rooms.values():
            self.world.stored_as_said(room)


@pytest.mark.timeout(3_600)  # a failure is made smaller before it is shown
def test_any_rooms_are_as_the_oracle_says(client: Any) -> None:
    long = bool(os.environ.get("PROVE"))
    machine = type("AnyRooms", (AnyRooms,), {"client": client})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=300 if long else 25,
            stateful_step_count=60 if long else 30,
            deadline=None,
            print_blob=True,
            phases=[phase for phase in Phase if phase is not Phase.shrink or "UNSHRUNK" not in os.environ],
            suppress_health_check=list(HealthCheck),
        ),
    )
