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
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from tests.guarantees.rooms.clients import Follower
from tests.guarantees.rooms.message_oracle import IN, No
from tests.guarantees.rooms.room_steps import ACTORS, LIMITS, PEOPLE, PROCESSES, ROOMS, Steps


class AnyRooms(Steps):
    """And those who follow what happens."""

    @initialize()
    def there_are_rooms(self) -> None:
        """Each with somebody who follows it, and some have clients that have caught up."""
        self.rooms_are_made()
        for client in list(self.world.clients.values())[:3]:
            client.catches_up(self.world.processes[0], 100)
            self.world.compare(client)
        for room in self.world.rooms.values():
            self.followers.append(Follower(room.active()[-1], room.id))
            self.world.follows_to_the_end(0, self.followers[-1], 100)

    @rule(
        number=PROCESSES,
        who=PEOPLE,
        limits=st.lists(LIMITS, min_size=1, max_size=4),
        forgets=st.booleans(),
        afresh=st.booleans(),
    )
    def a_client_syncs(self, number: int, who: int, limits: list[int], forgets: bool, afresh: bool) -> None:
        """Some pages. It may die before it has kept the last token, and may not have read afresh what it is to forget."""
        client, ours = self.world.clients[self.world.user(who)], self.world.processes[number]
        for place, limit in enumerate(limits, start=1):
            client.sync(ours, limit, forgets_token=forgets and place == len(limits))
            if afresh:
                client.reads_afresh(ours, limit)

    @rule(number=PROCESSES, who=PEOPLE, limit=LIMITS)
    def a_client_catches_up(self, number: int, who: int, limit: int) -> None:
        client = self.world.clients[self.world.user(who)]
        client.catches_up(self.world.processes[number], limit)
        self.world.compare(client)

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

    @rule(who=ACTORS, place=ROOMS)
    def somebody_begins_to_follow(self, who: int, place: int) -> None:
        room = self.world.room(place)
        self.followers = [*self.followers[-3:], Follower(self.world.actor(room, who), room.id)]

    @rule(number=PROCESSES, which=st.integers(0, 3), limit=LIMITS, to_the_end=st.booleans())
    def a_follower_reads(self, number: int, which: int, limit: int, to_the_end: bool) -> None:
        follower = self.followers[which % len(self.followers)]
        if to_the_end:
            self.world.follows_to_the_end(number, follower, limit)
        else:
            self.world.follows(number, follower, limit)

    @rule(
        number=PROCESSES,
        who=ACTORS,
        place=ROOMS,
        limit=st.integers(1, 3),
        what=st.sampled_from(["their rooms", "messages", "messages backwards", "people", "receipts"]),
    )
    def somebody_looks(self, number: int, who: int, place: int, limit: int, what: str) -> None:
        world, room = self.world, self.world.room(place)
        user = world.actor(room, who)
        if what == "their rooms":
            world.looks(number, user, limit)
        elif what == "people":
            world.asks_who_is_there(number, user, room, limit)
        elif what == "receipts":
            world.asks_how_far_they_are(number, user, room, len(room.said) // limit, limit)
        else:
            order = "OLDEST_FIRST" if what == "messages" else "NEWEST_FIRST"
            world.reads(number, user, room, order=order, limit=limit)

    @invariant()
    def heads_are_as_the_oracle_says(self) -> None:
        heads = self.world.heads()
        for name, room in self.world.rooms.items():
            head = heads[name]
            told = (head["seq"], head["rev"], head["epoch"], head["owners"])
            assert told == (len(room.said), room.rev, room.epoch, len(room.owners()))
            assert room.owners()

    def teardown(self) -> None:
        """In the end every client catches up, unless the steps have failed."""
        if sys.exc_info()[0]:
            return
        for client in self.world.clients.values() if self.world.rooms else ():
            client.catches_up(self.world.processes[0], 3)
            self.world.compare(client)
        for follower in self.followers:
            self.world.follows_to_the_end(1, follower, 3)
        for room in self.world.rooms.values():
            self.world.stored_as_said(room)


@pytest.mark.timeout(3_600)  # a failure is made smaller before it is shown
def test_any_rooms_are_as_the_oracle_says(client: Any) -> None:
    long = bool(os.environ.get("PROVE"))
    machine = type("AnyRooms", (AnyRooms,), {"client": client})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=300 if long else 20,
            stateful_step_count=60 if long else 50,
            deadline=None,
            print_blob=True,
            phases=[phase for phase in Phase if phase is not Phase.shrink or "UNSHRUNK" not in os.environ],
            suppress_health_check=list(HealthCheck),
        ),
    )
