"""Whatever is sent, read, joined and left: what is unread is a naive count of the messages above the marker."""

import os
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.deployment import Deployment
from chat.operations.add_member import add_member
from chat.operations.leave_room import leave_room
from chat.operations.mark_read import mark_read
from chat.operations.my_rooms import my_rooms
from chat.operations.remove_member import remove_member
from chat.rules.models import Caller
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.new_room import add_room
from tests.guarantees.support.fixtures import CURSOR_KEYS, FAST, Clock, process, send, store_of

KEEPER = "keeper"
WHO, WHERE = st.integers(0, 2), st.integers(0, 2)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("sends"), WHO, WHERE, st.just(0)),
        st.tuples(st.just("speaks"), WHO, WHERE, st.integers(1, 4)),
        st.tuples(st.just("reads"), WHO, WHERE, st.integers(0, 12)),
        st.tuples(st.just("reads in private"), WHO, WHERE, st.integers(0, 12)),
        st.tuples(st.just("comes"), WHO, WHERE, st.just(0)),
        st.tuples(st.just("goes"), WHO, WHERE, st.just(0)),
        st.tuples(st.just("is taken out"), WHO, WHERE, st.just(0)),
    ),
    min_size=5,
    max_size=40,
)


@dataclass
class Person:
    """Somebody in one room, as plain numbers: up to where they have read, whatever made it so."""

    is_in: bool = False
    marker: int = 0


@dataclass
class Ledger:
    """What is known of one room without asking."""

    room: str
    said: list[int] = field(default_factory=list)
    people: dict[str, Person] = field(default_factory=dict)

    def unread(self, user: str) -> int:
        return sum(seq > self.people[user].marker for seq in self.said)


class Play:
    """Three people and three rooms, in both tables. The keeper owns all of these and speaks for everybody else."""

    def __init__(self, client: Any) -> None:
        self.deployment: Deployment = process(client, Clock())
        mark = uuid.uuid4().hex[:12]
        self.users = [f"{mark}-{number}" for number in range(3)]
        self.ledgers = [Ledger(f"{prefix}{mark}") for prefix in ("a", "GUILD#b", "c")]
        for ledger in self.ledgers:
            assert add_room(store_of(client), Room.parse(ledger.room), {KEEPER: "owner"}, FAST)
            ledger.people = {user: Person() for user in self.users}

    def step(self, what: str, who: int, where: int, number: int) -> None:
        ledger, user = self.ledgers[where], self.users[who]
        person = ledger.people[user]
        if what == "speaks":
            for _ in range(number):
                self.say(ledger, KEEPER)
        elif what == "comes" and not person.is_in:
            self.call(add_member, KEEPER, roomId=ledger.room, userId=user)
            person.is_in, person.marker = True, max(person.marker, len(ledger.said))
        elif not person.is_in:
            return
        elif what == "sends":
            person.marker = self.say(ledger, user)
        elif what == "goes":
            self.call(leave_room, user, roomId=ledger.room)
            person.is_in = False
        elif what == "is taken out":
            self.call(remove_member, KEEPER, roomId=ledger.room, userId=user)
            person.is_in = False
        elif what.startswith("reads") and number <= len(ledger.said):
            self.call(mark_read, user, roomId=ledger.room, seq=number, private="private" in what)
            person.marker = max(person.marker, number)

    def say(self, ledger: Ledger, user: str) -> int:
        seq = send(self.deployment, ledger.room, user, "hi").seq
        assert seq
        ledger.said.append(seq)
        return seq

    def call(self, verb: Callable[..., Any], user: str, **arguments: Any) -> Any:
        return verb(self.deployment, Caller(user), arguments, Tally())

    def check(self, limit: int) -> None:
        for user in self.users:
            told: dict[str, int] = {}
            token = None
            while True:
                arguments = {"limit": limit, "nextToken": token}
                page = my_rooms(self.deployment, CURSOR_KEYS, Caller(user), arguments, Tally())
                for each in page["items"]:
                    told[each["room"]["roomId"]] = each["unread"]
                    assert each["room"]["head"]["seq"] - each["lastReadSeq"] == each["unread"]
                token = page["nextToken"]
                if token is None:
                    break
            assert told == {
                ledger.room: ledger.unread(user) for ledger in self.ledgers if ledger.people[user].is_in
            }


@pytest.mark.parametrize("limit", [50, 1])
def test_unread_after_random_sequences_equals_a_naive_count_of_messages_above_the_marker(
    client: Any, limit: int
) -> None:
    @settings(max_examples=200 if os.environ.get("PROVE") else 25, deadline=None)
    @given(STEPS)
    def holds(steps: list[tuple[str, int, int, int]]) -> None:
        play = Play(client)
        for step in steps:
            play.step(*step)
        play.check(limit)

    holds()
