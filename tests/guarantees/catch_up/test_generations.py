"""Tables that went back to an earlier state: in a later generation nobody is told a number for a second message
without a `reset`, and no subscription from before hears anything. A failure prints the steps; PROVE=1 looks at
many more."""

import uuid
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from chat.operations.guild_membership import guild_membership
from chat.operations.on_message import on_message
from chat.rules.errors import NotAllowed, StaleEpoch
from chat.rules.generations import LEAP
from chat.rules.models import Caller, Message
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.new_room import add_room
from tests.guarantees.catch_up.restored_room import WAYS, RestoredRoom
from tests.guarantees.support.fixtures import Clock, edit, process, remove, send
from tests.guarantees.support.state_machine import check


def went_back(client: Any, way: str, generations: int) -> Any:
    """Somebody who followed a room that lost three messages, and has got as many others since."""
    room = RestoredRoom(client)
    for text in ("one", "two"):
        room.send(text)
    follower = WAYS[way](room)
    follower.step(2)
    room.save()
    for text in ("lost 3", "lost 4", "lost 5"):
        room.send(text)
    for _ in range(2):
        follower.step(2)
    room.restore(generations)
    for text in ("new 3", "new 4", "new 5", "new 6"):
        room.send(text)
    for _ in range(6):
        follower.step(2)
    return follower


@pytest.mark.parametrize("way", WAYS)
def test_a_follower_is_told_to_start_afresh(client: Any, way: str) -> None:
    follower = went_back(client, way, generations=1)
    assert follower.twice == []
    assert follower.resets >= 2


@pytest.mark.parametrize("way", WAYS)
def test_without_a_new_generation_a_follower_would_keep_the_dead(client: Any, way: str) -> None:
    follower = went_back(client, way, generations=0)
    assert follower.twice or set(follower.held.values()) - set(all_ids(follower.room))


def all_ids(room: RestoredRoom) -> list[str]:
    return [item["id"]["S"] for item in room._items() if item["SK"]["S"].startswith("MSG#")]  # noqa: SLF001


@pytest.mark.parametrize("written", [False, True])
def test_an_old_subscription_is_refused_and_hears_nothing(client: Any, written: bool) -> None:
    room = RestoredRoom(client)
    room.subscribe()
    assert room.subscribed == [(1, 1)]
    room.save()
    room.restore(1)
    if written:
        assert room.send("hi").epoch == LEAP + 1
    head = room.head()
    assert head["epoch"] == LEAP + 1
    with pytest.raises(StaleEpoch) as refused:
        on_message(room.process(), Caller(room.member), {"roomId": room.id, "epoch": 1}, allow_unfenced=False)
    assert refused.value.values["epoch"] == LEAP + 1
    room.subscribe()


def test_a_head_from_before_is_reset_though_nothing_was_lost_of_it(client: Any) -> None:
    """Live events do not move the head that a client keeps, so it may hold more than that says."""
    room = RestoredRoom(client)
    head = room.head()
    room.save()
    room.restore(1)
    answer = room.changes_since(head)
    assert answer["reset"]
    assert not room.changes_since(answer["head"])["reset"]
    room.send("hi")
    page = room.changes_since(answer["head"])
    assert [item["text"] for item in page["items"]] == ["hi"]
    assert not page["reset"]
    assert not room.changes_since({"rev": 0, "ts": None})["reset"], "who holds nothing, holds nothing dead"


def test_a_room_whose_generations_were_skipped_counts_them_all(client: Any) -> None:
    room = RestoredRoom(client)
    room.generation = 4
    assert room.send("hi").epoch == 3 * LEAP + 1
    room.generation = 5
    head = room.head()
    assert (head["epoch"], head["rev"]) == (4 * LEAP + 1, 4 * LEAP + 2)


def test_a_process_of_an_earlier_generation_follows_a_room_that_is_in_a_later_one(client: Any) -> None:
    room = RestoredRoom(client)
    room.generation = 2
    room.send("hi")
    room.generation = 1
    head = room.head()
    assert head["epoch"] == LEAP + 1
    message = room.send("hi again")
    assert (message.seq, message.epoch) == (2, LEAP + 1)


def test_what_a_process_remembers_from_before_is_not_written_on(client: Any) -> None:
    """One that lives through: the room's numbers are those that it remembers, but nobody counts on them."""
    room = RestoredRoom(client)
    ours = process(client, room.clock)
    send(ours, room.id, room.owner, "one")
    ours.store.tables.generation = 2
    assert send(ours, room.id, room.owner, "two").epoch == LEAP + 1


def test_a_revocation_of_before_is_not_published_again(client: Any) -> None:
    room = RestoredRoom(client)
    before = room.remove_member()
    assert before.epoch == 1
    again = room.remove_member()
    assert (again.epoch, again.notice and again.notice.next_epoch) == (1, 2)
    room.generation = 2
    with pytest.raises(NotAllowed):
        room.remove_member()


def test_a_room_that_is_made_again_after_it_was_lost_is_another(client: Any) -> None:
    room = RestoredRoom(client)
    for text in ("one", "two"):
        room.send(text)
    old = room.head()
    room.restore(1)  # to before it was made
    ours = room.process()
    assert add_room(ours.store, Room.parse(room.id), {room.owner: "owner", room.member: "member"}, {})
    assert not add_room(ours.store, Room.parse(room.id), {room.owner: "owner"}, {})
    head = room.head()
    assert (head["epoch"], head["rev"]) == (LEAP + 1, LEAP + 1)
    assert room.changes_since(old)["reset"]


def test_what_is_answered_again_is_published_to_nobody_from_before(client: Any) -> None:
    """A repeat of a send, an edit that changes nothing and a removal of what is removed."""
    room = RestoredRoom(client)
    first, second = (send(room.process(), room.id, room.owner, "hi", name) for name in ("a", "b"))
    remove(room.process(), second)
    room.generation = 2
    again = send(room.process(), room.id, room.owner, "hi", "a")
    assert (again.id, again.epoch) == (first.id, LEAP + 1)
    assert edit(room.process(), first, "hi").epoch == LEAP + 1
    assert remove(room.process(), second).epoch == LEAP + 1


@pytest.mark.parametrize("by", ["edit", "remove"])
def test_the_first_write_of_any_kind_brings_the_room_forward(client: Any, by: str) -> None:
    room = RestoredRoom(client)
    message = room.send("one")
    room.generation = 2
    if by == "edit":
        changed = edit(room.process(), message, "other")
        assert (changed.epoch, changed.rev) == (LEAP + 1, LEAP + 3)
    else:
        gone = room.remove_member()
        assert (gone.epoch, gone.notice and gone.notice.next_epoch) == (LEAP + 1, LEAP + 2)


class Generations(RuleBasedStateMachine):
    """Any order of sending, editing, following, saving and going back."""

    client: Any

    def __init__(self) -> None:
        super().__init__()
        self.room = RestoredRoom(self.client, Clock())
        self.followers = {way: make(self.room) for way, make in WAYS.items()}
        self.messages: list[Message] = []
        self.kept: list[Message] = []
        self.room.save()

    @rule(count=st.integers(1, 3))
    def sends(self, count: int) -> None:
        for _ in range(count):
            message = self.room.send("hi")
            assert not self.room.heard_from_before(message.epoch)
            self.messages.append(message)

    @rule()
    def edits(self) -> None:
        if self.messages:
            message = edit(self.room.process(), self.messages[-1], "hello")
            assert not self.room.heard_from_before(message.epoch)

    @rule()
    def subscribes(self) -> None:
        self.room.subscribe()

    @rule(way=st.sampled_from(sorted(WAYS)), limit=st.integers(1, 3))
    def follows(self, way: str, limit: int) -> None:
        self.followers[way].step(limit)

    @rule()
    def saves(self) -> None:
        self.room.save()
        self.kept = list(self.messages)

    @rule(generations=st.integers(1, 2))
    def goes_back(self, generations: int) -> None:
        self.room.restore(generations)
        self.messages = list(self.kept)

    @invariant()
    def nobody_is_told_a_number_twice(self) -> None:
        assert {way: each.twice for way, each in self.followers.items() if each.twice} == {}


@pytest.mark.timeout(1_800)  # with PROVE=1
def test_in_any_order_nobody_is_told_a_number_twice(client: Any) -> None:
    check(Generations, examples=(8, 300), steps=(25, 60), client=client)


def test_a_guilds_room_begins_in_the_generation_that_it_is_made_in(client: Any, clock: Clock) -> None:
    ours, guild = process(client, clock, generation=2), uuid.uuid4().hex[:12]
    call = {"guildId": guild, "add": [{"userId": f"ann-{guild}", "role": "OWNER"}]}
    made = guild_membership(ours, call, Tally())
    assert made["epoch"] == LEAP + 1
    again = guild_membership(ours, {"guildId": guild, "remove": [f"ann-{guild}"]}, Tally())
    assert again["epoch"] == LEAP + 2
