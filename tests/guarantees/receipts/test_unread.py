"""Whatever is sent, read, removed, expired, joined and left: what is unread is a naive count of the messages that
somebody gets who pages through all of them, above the marker and not removed."""

import os
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.deployment import Deployment
from chat.operations.add_member import add_member
from chat.operations.heartbeat import heartbeat
from chat.operations.leave_room import leave_room
from chat.operations.mark_read import mark_read
from chat.operations.remove_member import remove_member
from chat.operations.sync import sync
from chat.operations.update_room import update_room
from chat.rules.errors import InvalidInput, NotAllowed, RateLimited
from chat.rules.models import Caller, Message, Role
from chat.rules.removals import WINDOW
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.new_room import add_room
from chat.storage.items import to_message
from tests.guarantees.rooms.requests import pages
from tests.guarantees.support.bulk import load_messages
from tests.guarantees.support.fixtures import (
    CURSOR_KEYS,
    DAY_MS,
    FAST,
    Clock,
    delete_message,
    follow,
    new_room,
    process,
    remove,
    send,
    store_of,
    stored,
)

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
        st.tuples(st.just("removes a message"), WHO, WHERE, st.integers(1, 4)),
        st.tuples(st.just("owner removes a message"), WHO, WHERE, st.integers(1, 4)),
        st.tuples(st.just("owner sets retention"), WHO, WHERE, st.sampled_from([7, 30, 365])),
        st.tuples(st.just("days pass"), WHO, WHERE, st.integers(1, 9)),
        st.tuples(st.just("expired ones are deleted"), WHO, WHERE, st.just(0)),
    ),
    min_size=12,
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
    sent: list[Message] = field(default_factory=list)
    members: dict[str, Membership] = field(default_factory=dict)


class UnreadRun:
    """Three users and three rooms, in both tables. The owner of all rooms sends for everybody else."""

    def __init__(self, client: Any, already_in: int) -> None:
        """`already_in`: a bit for each user of each room that says whether they are in it from its beginning."""
        self.client, self.clock = client, Clock()
        self.deployment: Deployment = process(client, self.clock)
        suffix = uuid.uuid4().hex[:12]
        self.users = [f"{suffix}-{number}" for number in range(3)]
        self.models = [RoomModel(f"{prefix}{suffix}") for prefix in ("a", "GUILD#b", "c")]
        for where, model in enumerate(self.models):
            model.members = {
                user: Membership(bool(already_in >> 3 * where + who & 1))
                for who, user in enumerate(self.users)
            }
            roles: dict[str, Role] = {user: "member" for user, each in model.members.items() if each.is_in}
            assert add_room(store_of(client), Room.parse(model.room), {OWNER: "owner", **roles}, FAST)

    def step(self, what: str, who: int, where: int, number: int) -> None:
        model, user = self.models[where], self.users[who]
        if what == "days pass":
            self.clock.jump(number * DAY_MS)
        elif what == "expired ones are deleted":
            self.delete_expired(model)
        elif what == "joins":
            self.join(model, user)
        elif what.startswith("owner"):
            self.act(model, OWNER, what.removeprefix("owner "), number)
        elif model.members[user].is_in:
            self.act(model, user, what, number)

    def join(self, model: RoomModel, user: str) -> None:
        membership = model.members[user]
        if not membership.is_in:
            try:
                self.call(add_member, OWNER, roomId=model.room, userId=user)
            except RateLimited:  # whoever comes and goes too often
                return
            membership.is_in, membership.marker = True, max(membership.marker, len(model.sent))

    def act(self, model: RoomModel, user: str, what: str, number: int) -> None:
        """What somebody does who is in the room."""
        membership = model.members.get(user, Membership())
        if what == "sends":
            for _ in range(number or 1):
                membership.marker = self.send_one(model, user)
        elif what == "sets retention":
            self.call(update_room, user, roomId=model.room, retentionDays=number)
        elif what == "removes a message":
            self.remove_one(model, user, number)
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
        message = send(self.deployment, model.room, user, "hi")
        assert message.seq
        model.sent.append(message)
        return message.seq

    def remove_one(self, model: RoomModel, user: str, number: int) -> None:
        """The newest for 1; perhaps for the second time, or one that is not theirs, or has expired."""
        if number <= len(model.sent):
            with suppress(InvalidInput, NotAllowed):
                remove(self.deployment, model.sent[-number], user)

    def delete_expired(self, model: RoomModel) -> None:
        for item in stored(self.client, model.room):
            if item["expiresAt"] < self.clock.now() // 1_000:
                delete_message(self.client, model.room, item["SK"])

    def naive(self, model: RoomModel, user: str) -> int:
        """What somebody counts who pages through the room."""
        pages = follow(self.deployment, model.room, user, order="OLDEST_FIRST", limit=100)
        marker = model.members[user].marker
        return sum((each.seq or 0) > marker and each.removed_at is None for each in pages)

    def call(self, verb: Callable[..., Any], user: str, **arguments: Any) -> Any:
        return verb(self.deployment, Caller(user), arguments, Tally())

    def check(self, limit: int) -> None:
        for user in self.users:
            answered: dict[str, int] = {}
            for each in pages(self.deployment, user, "myRooms", limit=limit):
                answered[each["room"]["roomId"]] = each["unread"]
            mine = [model for model in self.models if model.members[user].is_in]
            expected = {model.room: self.naive(model, user) for model in mine}
            assert answered == expected
            synced = sync(self.deployment, CURSOR_KEYS, Caller(user), {}, Tally())["rooms"]
            assert {each["roomId"]: each["unread"] for each in synced} == expected
            named = [{"roomId": model.room, "seq": 0} for model in mine]
            states = self.call(heartbeat, user, rooms=named)["rooms"]
            assert {each["roomId"]: each["unread"] for each in states} == expected


@pytest.mark.timeout(1_800)  # with PROVE=1; a failure is made smaller before it is shown
@pytest.mark.parametrize("limit", [50, 1])
def test_unread_after_random_sequences_equals_a_naive_count_of_messages_above_the_marker(
    client: Any, limit: int
) -> None:
    @settings(max_examples=200 if os.environ.get("PROVE") else 25, deadline=None)
    @given(st.integers(0, 2**9 - 1), STEPS)
    def holds(already_in: int, steps: list[tuple[str, int, int, int]]) -> None:
        run = UnreadRun(client, already_in)
        for step in steps:
            run.step(*step)
        run.check(limit)

    holds()


def room_of(client: Any, clock: Clock, count: int) -> tuple[str, list[Message]]:
    """A room with `count` messages by its owner, written as sends write them, and the messages."""
    room_id = new_room(client, members={OWNER: "owner", "bob": "member"})
    room = Room.parse(room_id)
    sent = load_messages(client, room_id, count, begin=clock.now() - count * 1_000, sender=OWNER)
    return room_id, [to_message(room, item) for item in sent]


@pytest.fixture
def fresh_unread(client: Any, clock: Clock) -> Callable[[str], int]:
    def unread(room: str) -> int:
        named = [{"roomId": room, "seq": 0}]
        clock.sleep(60)
        answer = heartbeat(process(client, clock), Caller("bob"), {"rooms": named}, Tally())
        count: int = answer["rooms"][0]["unread"]
        return count

    return unread


def test_removals_further_back_than_the_head_keeps_are_looked_up(
    client: Any, clock: Clock, fresh_unread: Callable[[str], int]
) -> None:
    room, sent = room_of(client, clock, 2 * WINDOW)
    ours = process(client, clock)
    for seq in (2 * WINDOW, 7, 3, WINDOW + 1, 3, WINDOW, 8):
        remove(ours, sent[seq - 1], OWNER)
    assert fresh_unread(room) == 2 * WINDOW - 6
    for marker, unread in ((5, 2 * WINDOW - 5 - 5), (7, 2 * WINDOW - 7 - 4), (WINDOW + 1, WINDOW - 1 - 1)):
        mark_read(ours, Caller("bob"), {"roomId": room, "seq": marker, "private": True}, Tally())
        assert fresh_unread(room) == unread


def test_what_has_expired_is_not_unread_before_it_is_deleted_and_after(
    client: Any, clock: Clock, fresh_unread: Callable[[str], int]
) -> None:
    room, sent = room_of(client, clock, 300)
    clock.jump(365 * DAY_MS - 100_000)
    assert fresh_unread(room) == len([*follow(process(client, clock), room, "bob")]) < 300
    for item in stored(client, room):
        if item["expiresAt"] < clock.now() // 1_000:
            delete_message(client, room, item["SK"])
    assert fresh_unread(room) == len([*follow(process(client, clock), room, "bob")]) < 300
    clock.jump(DAY_MS)
    assert fresh_unread(room) == 0
    assert sent[-1].seq == 300
