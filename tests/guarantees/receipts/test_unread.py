"""Whatever is sent, read, joined and left: what is unread is a naive
count of the messages above the marker."""

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
from chat.operations.remove_member import remove_member
from chat.rules.models import Caller
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.new_room import add_room
from tests.guarantees.rooms.requests import pages
from tests.guarantees.support.fixtures import FAST, Clock, process, send, store_of

OWNER = "owner"
WHO, WHERE = st.integers(0, 2), st.integers(0, 2)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("sends"), WHO, WHERE, st.just(0)),
        st.tuples(st.just("owner sends"), WHO, WHERE, st.integers(1, 4)),
        st.tuples(st.just("reads"), WHO, WHERE, st.integers(0, 12)),
        st.tuples(st.just("reads in private"), WHO, WHERE, st.integers(0, 12)),
        st.tuples(st.just("joins"), WHO, WHERE, st.just(0)),
        st.tuples(st.just("leaves"), WHO, WHERE, st.just(0)),
        st.tuples(st.just("is removed"), WHO, WHERE, st.just(0)),
    ),
    min_size=5,
    max_size=40,
)


@dataclass
class Membership:
    """A user in one room: up to which number they have read, by whatever operation."""

    is_in: bool = False
    marker: int = 0


@dataclass
class RoomModel:
    """What the test knows of one room by itself."""

    room: str
    sent: list[int] = field(default_factory=list)
    members: dict[str, Membership] = field(default_factory=dict)

    def unread(self, user: str) -> int:
        return sum(seq > self.members[user].marker for seq in self.sent)


class UnreadRun:
    """Three users and three rooms, in both tables. The owner of all rooms sends for everybody else."""

    def __init__(self, client: Any) -> None:
        self.deployment: Deployment = process(client, Clock())
        suffix = uuid.uuid4().hex[:12]
        self.users = [f"{suffix}-{number}" for number in range(3)]
        self.models = [RoomModel(f"{prefix}{suffix}") for prefix in ("a", "GUILD#b", "c")]
        for model in self.models:
            assert add_room(store_of(client), Room.parse(model.room), {OWNER: "owner"}, FAST)
            model.members = {user: Membership() for user in self.users}

    def step(self, what: str, who: int, where: int, number: int) -> None:
        model, user = self.models[where], self.users[who]
        membership = model.members[user]
        if what == "owner sends":
            for _ in range(number):
                self.send_one(model, OWNER)
        elif what == "joins" and not membership.is_in:
            self.call(add_member, OWNER, roomId=model.room, userId=user)
            membership.is_in, membership.marker = True, max(membership.marker, len(model.sent))
        elif not membership.is_in:
            return
        elif what == "sends":
            membership.marker = self.send_one(model, user)
        elif what == "leaves":
            self.call(leave_room, user, roomId=model.room)
            membership.is_in = False
        elif what == "is removed":
            self.call(remove_member, OWNER, roomId=model.room, userId=user)
            membership.is_in = False
        elif what.startswith("reads") and number <= len(model.sent):
            self.call(mark_read, user, roomId=model.room, seq=number, private="private" in what)
            membership.marker = max(membership.marker, number)

    def send_one(self, model: RoomModel, user: str) -> int:
        seq = send(self.deployment, model.room, user, "hi").seq
        assert seq
        model.sent.append(seq)
        return seq

    def call(self, verb: Callable[..., Any], user: str, **arguments: Any) -> Any:
        return verb(self.deployment, Caller(user), arguments, Tally())

    def check(self, limit: int) -> None:
        for user in self.users:
            answered: dict[str, int] = {}
            for each in pages(self.deployment, user, "myRooms", limit=limit):
                answered[each["room"]["roomId"]] = each["unread"]
                assert each["room"]["head"]["seq"] - each["lastReadSeq"] == each["unread"]
            assert answered == {
                model.room: model.unread(user) for model in self.models if model.members[user].is_in
            }


@pytest.mark.parametrize("limit", [50, 1])
def test_unread_after_random_sequences_equals_a_naive_count_of_messages_above_the_marker(
    client: Any, limit: int
) -> None:
    @settings(max_examples=200 if os.environ.get("PROVE") else 25, deadline=None)
    @given(STEPS)
    def holds(steps: list[tuple[str, int, int, int]]) -> None:
        run = UnreadRun(client)
        for step in steps:
            run.step(*step)
        run.check(limit)

    holds()
