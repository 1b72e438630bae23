"""Whatever users do in several rooms, over processes that remember old things: each answer is as an oracle in
plain Python says, and what a client had, with what `sync`, `changes` and live events brought, is what it
would get afresh. A failure prints the steps, and a blob that repeats them; PROVE=1 looks at many more."""

import sys
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from tests.guarantees.rooms.clients import Follower
from tests.guarantees.rooms.erasure_steps import ErasureSteps
from tests.guarantees.rooms.message_oracle import MEMBER_ROLES, Refusal
from tests.guarantees.rooms.room_steps import ACTORS, LIMITS, PROCESSES, ROOMS, USERS
from tests.guarantees.support.state_machine import check


class AnyRooms(ErasureSteps):
    """And the clients that follow them."""

    @initialize()
    def there_are_rooms(self) -> None:
        """Each with somebody who follows it, and some have clients that have caught up."""
        self.rooms_are_made()
        for client in list(self.chat.clients.values())[:3]:
            client.catch_up(self.chat.processes[0], 100)
            self.chat.check_client(client)
        for room in self.chat.rooms.values():
            self.followers.append(Follower(room.active_members()[-1], room.id))
            self.chat.follow_to_the_end(0, self.followers[-1], 100)

    @rule(
        number=PROCESSES,
        who=USERS,
        limits=st.lists(LIMITS, min_size=1, max_size=4),
        loses_token=st.booleans(),
        afresh=st.booleans(),
    )
    def a_client_syncs(
        self, number: int, who: int, limits: list[int], loses_token: bool, afresh: bool
    ) -> None:
        """Some pages. The client may end before it has kept the last token, and may
        not have read afresh what it is to forget."""
        client, ours = self.chat.clients[self.chat.user(who)], self.chat.processes[number]
        for place, limit in enumerate(limits, start=1):
            client.sync(ours, limit, loses_token=loses_token and place == len(limits))
            if afresh:
                client.read_afresh(ours, limit)

    @rule(number=PROCESSES, who=USERS, limit=LIMITS)
    def a_client_catches_up(self, number: int, who: int, limit: int) -> None:
        client = self.chat.clients[self.chat.user(who)]
        client.catch_up(self.chat.processes[number], limit)
        self.chat.check_client(client)

    @rule(number=PROCESSES, who=ACTORS, place=ROOMS, stale=st.booleans())
    def a_client_subscribes(self, number: int, who: int, place: int, stale: bool) -> None:
        room = self.chat.room(place)
        user = self.chat.actor(room, who)
        epoch = room.epoch - stale
        expected = room.access(user, MEMBER_ROLES)
        if not isinstance(expected, Refusal) and stale:
            expected = Refusal("StaleEpoch")
        answer = self.chat.fan_out.subscribe(
            self.chat.processes[number], self.chat.clients[user], room.id, epoch
        )
        assert answer == (expected if isinstance(expected, Refusal) else None)

    @rule(
        who=USERS,
        order=st.randoms(use_true_random=False),
        dropped=st.integers(0, 2),
        doubled=st.integers(0, 2),
    )
    def events_arrive(self, who: int, order: Any, dropped: int, doubled: int) -> None:
        """In any order, some not at all and some twice."""
        client = self.chat.clients[self.chat.user(who)]
        frames, client.inbox = client.inbox, []
        order.shuffle(frames)
        for frame in frames[:dropped]:
            client.subscriptions[frame["roomId"]].is_complete = False
        for frame in [*frames[dropped:], *frames[-doubled:]] if doubled else frames[dropped:]:
            client.receive(frame)
        self.chat.check_live_client(client)

    @rule(who=ACTORS, place=ROOMS)
    def somebody_begins_to_follow(self, who: int, place: int) -> None:
        room = self.chat.room(place)
        self.followers = [*self.followers[-3:], Follower(self.chat.actor(room, who), room.id)]

    @rule(number=PROCESSES, which=st.integers(0, 3), limit=LIMITS, to_the_end=st.booleans())
    def a_follower_reads(self, number: int, which: int, limit: int, to_the_end: bool) -> None:
        follower = self.followers[which % len(self.followers)]
        if to_the_end:
            self.chat.follow_to_the_end(number, follower, limit)
        else:
            self.chat.follow_page(number, follower, limit)

    @rule(
        number=PROCESSES,
        who=ACTORS,
        place=ROOMS,
        limit=st.integers(1, 3),
        what=st.sampled_from(["their rooms", "messages", "messages backwards", "members", "receipts"]),
    )
    def somebody_looks(self, number: int, who: int, place: int, limit: int, what: str) -> None:
        chat, room = self.chat, self.chat.room(place)
        user = chat.actor(room, who)
        if what == "their rooms":
            chat.check_my_rooms(number, user, limit)
        elif what == "members":
            chat.check_members(number, user, room, limit)
        elif what == "receipts":
            chat.check_receipts(number, user, room, len(room.messages) // limit, limit)
        else:
            order = "OLDEST_FIRST" if what == "messages" else "NEWEST_FIRST"
            chat.check_history(number, user, room, order=order, limit=limit)

    @invariant()
    def heads_are_as_the_oracle_says(self) -> None:
        heads = self.chat.heads()
        for name, room in self.chat.rooms.items():
            head = heads[name]
            assert (head["seq"], head["rev"], head["epoch"]) == (len(room.messages), room.rev, room.epoch)
            assert ("endedAt" in head) == (room.ended_by is not None)
            if room.ended_by is None:
                assert head["owners"] == len(room.owners())
                assert room.owners() or name.startswith("GUILD#")  # whose last member may leave

    @invariant()
    def every_revision_is_told_once(self) -> None:
        self.chat.check_events()

    def teardown(self) -> None:
        """In the end every client catches up, unless the steps have failed."""
        if sys.exc_info()[0]:
            return
        for client in self.chat.clients.values() if self.chat.rooms else ():
            client.catch_up(self.chat.processes[0], 3)
            self.chat.check_client(client)
        for follower in self.followers:
            self.chat.follow_to_the_end(1, follower, 3)
        for room in self.chat.rooms.values():
            self.chat.check_stored(room)


@pytest.mark.timeout(3_600)  # a failure is made smaller before it is shown
def test_any_rooms_are_as_the_oracle_says(client: Any, publishing: str) -> None:
    check(AnyRooms, examples=(12, 300), steps=(50, 60), client=client, publish=publishing)
