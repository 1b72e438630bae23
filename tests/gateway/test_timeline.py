"""One room's order: whatever the live path does, clients are sent every message once, in order."""

import json
from collections.abc import Mapping
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.position import RoomPosition
from gateway.replay_buffer import EventKind
from gateway.timeline import GAP_SECONDS, HistoryPage, RoomEvent, Timeline
from tests.gateway.room_messages import encode, head, new_message, revocation, seqs, started


def waits(timeline: Timeline) -> float | None:
    return timeline.deadline


def needs_reading(timeline: Timeline) -> bool:
    return timeline.needs_reading


def test_messages_in_order_are_sent_at_once_and_once() -> None:
    timeline = started()
    assert seqs(timeline.receive(new_message(1), 0.0)) == [1]
    assert timeline.receive(new_message(1), 0.0) == []
    assert seqs(timeline.receive(new_message(2), 0.0)) == [2]
    assert waits(timeline) is None


def test_a_message_before_its_turn_waits_for_the_others() -> None:
    timeline = started()
    assert timeline.receive(new_message(3), 5.0) == []
    assert timeline.receive(new_message(2), 5.1) == []
    assert waits(timeline) == 5.0 + GAP_SECONDS
    events = timeline.receive(new_message(1), 5.15)
    assert seqs(events) == [1, 2, 3]
    assert waits(timeline) is None
    assert not any(each.from_history for each in events)


def test_a_gap_that_stays_is_read_from_history() -> None:
    timeline = started()
    timeline.receive(new_message(3), 5.0)
    timeline.expire(5.0 + GAP_SECONDS)
    assert needs_reading(timeline)
    timeline.begin_reading()
    events = timeline.read(
        HistoryPage([new_message(1), new_message(2), new_message(3)], head(3, 4), reset=False, last=True)
    )
    assert seqs(events) == [1, 2, 3]
    assert [each.from_history for each in events] == [True, True, False]
    assert not needs_reading(timeline)
    assert timeline.position == RoomPosition(3, "t3", 4)


def test_history_that_has_lost_a_message_to_time_is_passed_over() -> None:
    timeline = started()
    timeline.receive(new_message(4), 0.0)
    assert seqs(
        timeline.read(HistoryPage([new_message(2), new_message(4)], head(4, 5), reset=False, last=True))
    ) == [2, 4]


def test_a_change_replaces_what_was_sent_and_an_older_one_does_not() -> None:
    timeline = started(seq=2, rev=3)
    assert [each.kind for each in timeline.receive(new_message(1, rev=5), 0.0)] == ["change"]
    assert timeline.receive(new_message(1, rev=4), 0.0) == []
    assert timeline.receive(new_message(1, rev=5), 0.0) == []


def test_a_change_of_what_was_not_sent_yet_is_read_with_it() -> None:
    timeline = started(seq=2, rev=3)
    assert timeline.receive(new_message(3, rev=5), 0.0) == []
    assert timeline.needs_reading
    events = timeline.read(HistoryPage([new_message(3, rev=5)], head(3, 5), reset=False, last=True))
    assert [(each.kind, each.message["rev"]) for each in events] == [("message", 5)]
    assert timeline.receive(new_message(3, rev=5), 0.0) == []


def test_a_message_that_comes_after_its_removal_is_not_sent_as_it_was() -> None:
    timeline = started()
    said = new_message(2) | {"text": "the secret"}
    assert timeline.receive(new_message(2, rev=5) | {"text": None}, 0.0) == []
    assert timeline.receive(said, 0.0) == []
    events = timeline.receive(new_message(1), 0.0)
    assert seqs(events) == [1, 2]
    assert not any(b"secret" in each.frame for each in events)


def test_a_message_that_is_held_is_sent_as_it_is_when_its_turn_comes() -> None:
    timeline = started()
    timeline.receive(new_message(2) | {"text": "the secret"}, 0.0)
    timeline.receive(new_message(2, rev=5) | {"text": None}, 0.0)
    assert not any(b"secret" in each.frame for each in timeline.receive(new_message(1), 0.0))


def test_a_notice_is_sent_once_and_may_end_the_epoch() -> None:
    timeline, notice = started(), revocation(epoch=2)
    assert [each.kind for each in timeline.receive(notice, 0.0)] == ["notice"]
    assert timeline.receive(notice, 0.0) == []
    assert timeline.epoch == 2


def test_a_reset_begins_again_at_the_head() -> None:
    timeline = started()
    timeline.receive(new_message(1), 0.0)
    assert timeline.read(HistoryPage([], head(5_000, 6_000, epoch=3), reset=True, last=True)) == []
    assert (timeline.position, timeline.epoch) == (RoomPosition(5_000, "t5000", 6_000), 3)
    assert timeline.since(RoomPosition(1, "t1", 2)) is None


def test_history_that_was_read_before_a_revocation_does_not_bring_its_epoch_back() -> None:
    timeline = started()
    timeline.receive(revocation(epoch=2), 0.0)
    timeline.read(HistoryPage([], head(0, 1, epoch=1), reset=False, last=True))
    assert timeline.epoch == 2


def test_a_message_that_waits_for_one_before_it_goes_on_waiting_after_history_that_ends_earlier() -> None:
    timeline = started(seq=5, rev=6)
    timeline.receive(new_message(7), 1.0)
    timeline.read(HistoryPage([], head(5, 6), reset=False, last=True))
    timeline.expire(1.0 + GAP_SECONDS)
    assert needs_reading(timeline)


def test_what_history_has_of_a_message_counts_if_it_is_newer_than_what_was_received() -> None:
    timeline = started()
    timeline.receive(new_message(2), 0.0)
    events = timeline.read(HistoryPage([new_message(2, rev=4)], head(2, 4), reset=False, last=True))
    assert [each.message["rev"] for each in events] == [4]


class Chat:
    """The chat behind: what is stored, and what was published."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.log: list[tuple[int, int]] = []
        self.rev, self.epoch = 1, 1

    def send(self) -> dict[str, Any]:
        self.rev += 1
        self.messages.append(new_message(len(self.messages) + 1))
        return dict(self.messages[-1])

    def edit(self, index: int) -> dict[str, Any]:
        self.rev += 1
        self.messages[index]["rev"] = self.rev
        self.log.append((self.rev, index))
        return dict(self.messages[index])

    @property
    def head(self) -> dict[str, Any]:
        return head(len(self.messages), self.rev, self.epoch)

    def changes(self, position: RoomPosition) -> HistoryPage:
        changed = sorted(
            {index for rev, index in self.log if rev > position.rev and index < position.seq},
            key=lambda index: self.messages[index]["rev"],
        )
        items = [dict(self.messages[index]) for index in changed]
        items += [dict(each) for each in self.messages[position.seq :]]
        return HistoryPage(items, self.head, reset=False, last=True)


class Person:
    """A client that puts together what it is sent, and comes back with its position after cuts."""

    def __init__(self, position: RoomPosition) -> None:
        self.position = position
        self.revs: dict[str, int] = {}
        self.order: list[int] = []

    def receive(self, frame: bytes) -> None:
        kind, message, position = json.loads(frame)
        rev = message.get("rev") or 0
        if message["id"] not in self.revs:
            assert kind == "message"
            self.order.append(message["seq"])
        self.revs[message["id"]] = max(rev, self.revs.get(message["id"], 0))
        seq, ts, frame_rev = position.split("/")
        self.position = RoomPosition(int(seq), ts or None, int(frame_rev))


class Simulation:
    """A room, its timeline in one process, and a client there that is cut off and comes back."""

    def __init__(self, seed: int, capacity: int) -> None:
        self.random = Random(seed)  # noqa: S311  repeatable
        self.chat, self.timeline = Chat(), Timeline(encode, capacity)
        self.timeline.start(self.chat.head)
        self.person = Person(RoomPosition(0, None, 1))
        self.is_away = False
        self.underway: list[Mapping[str, Any]] = []
        self.now = 0.0

    def step(self) -> None:
        self.now += 0.05
        chance = self.random.random()
        if chance < 0.45:
            self.underway.append(self.chat.send())
        elif chance < 0.6 and self.chat.messages:
            self.underway.append(self.chat.edit(self.random.randrange(len(self.chat.messages))))
        elif chance < 0.7:
            self.cut_or_return()
        self.live()
        self.timeline.expire(self.now)
        if self.timeline.needs_reading:
            self.read()

    def live(self) -> None:
        """Some of what is underway arrives: in any order, twice, or never."""
        self.random.shuffle(self.underway)
        while self.underway and self.random.random() < 0.7:
            event = self.underway.pop()
            for _ in range(self.random.choice([0, 1, 1, 1, 2])):
                self.deliver(self.timeline.receive(event, self.now))

    def read(self) -> None:
        position = self.timeline.position or RoomPosition(0, None, 1)
        self.timeline.begin_reading()
        self.deliver(self.timeline.read(self.chat.changes(position)))

    def deliver(self, events: list[RoomEvent]) -> None:
        for event in () if self.is_away else events:
            self.person.receive(event.frame)

    def cut_or_return(self) -> None:
        if self.is_away:
            missed = self.timeline.since(self.person.position)
            for frame in self.from_history() if missed is None else [each.frame for each in missed]:
                self.person.receive(frame)
        self.is_away = not self.is_away

    def from_history(self) -> list[bytes]:
        """What a client is given that was away for longer than the buffer reaches, up to where the room is
        here."""
        start, reached = self.person.position, self.timeline.position or self.person.position
        found = []
        for message in self.chat.changes(start).items:
            if message["seq"] > reached.seq:
                break
            kind: EventKind = "message" if message["seq"] > start.seq else "change"
            position = RoomPosition(max(message["seq"], start.seq), None, start.rev)
            found.append(encode(kind, message, position))
        return found


@given(st.integers(0, 2**32), st.integers(2, 40), st.sampled_from([2, 5, 1_000]))
def test_whatever_the_live_path_does_everything_is_sent_once_and_in_order(
    seed: int, steps: int, capacity: int
) -> None:
    simulation = Simulation(seed, capacity)
    for _ in range(steps):
        simulation.step()
    if simulation.is_away:
        simulation.cut_or_return()
    simulation.read()
    messages = simulation.chat.messages
    assert simulation.person.order == list(range(1, len(messages) + 1))
    assert simulation.person.revs == {each["id"]: each["rev"] or 0 for each in messages}
