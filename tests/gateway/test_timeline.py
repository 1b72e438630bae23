"""One room's order: whatever the live path does, what is told is every message once, in order."""

import json
from collections.abc import Mapping
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.tail import Kind, Position
from gateway.timeline import HOLD_S, Page, Timeline, Told
from tests.gateway.telling import encode, head, numbers, said, started


def waits(timeline: Timeline) -> float | None:
    return timeline.deadline


def needs_reading(timeline: Timeline) -> bool:
    return timeline.needs_reading


def test_messages_in_order_are_told_at_once_and_once() -> None:
    timeline = started()
    assert numbers(timeline.heard(said(1), 0.0)) == [1]
    assert timeline.heard(said(1), 0.0) == []
    assert numbers(timeline.heard(said(2), 0.0)) == [2]
    assert waits(timeline) is None


def test_a_message_before_its_turn_waits_for_the_others() -> None:
    timeline = started()
    assert timeline.heard(said(3), 5.0) == []
    assert timeline.heard(said(2), 5.1) == []
    assert waits(timeline) == 5.0 + HOLD_S
    told = timeline.heard(said(1), 5.15)
    assert numbers(told) == [1, 2, 3]
    assert waits(timeline) is None
    assert not any(each.repaired for each in told)


def test_a_hole_that_stays_is_read_from_history() -> None:
    timeline = started()
    timeline.heard(said(3), 5.0)
    timeline.expire(5.0 + HOLD_S)
    assert needs_reading(timeline)
    told = timeline.read(Page([said(1), said(2), said(3)], head(3, 4), reset=False, last=True))
    assert numbers(told) == [1, 2, 3]
    assert [each.repaired for each in told] == [True, True, False]
    assert not needs_reading(timeline)
    assert timeline.position == Position(3, "t3", 4)


def test_history_that_has_lost_a_message_to_time_is_passed_over() -> None:
    timeline = started()
    timeline.heard(said(4), 0.0)
    assert numbers(timeline.read(Page([said(2), said(4)], head(4, 5), reset=False, last=True))) == [2, 4]


def test_a_change_replaces_what_was_told_and_an_older_one_does_not() -> None:
    timeline = started(seq=2, rev=3)
    assert [each.kind for each in timeline.heard(said(1, rev=5), 0.0)] == ["change"]
    assert timeline.heard(said(1, rev=4), 0.0) == []
    assert timeline.heard(said(1, rev=5), 0.0) == []


def test_a_change_of_what_is_not_told_yet_is_read_with_it() -> None:
    timeline = started(seq=2, rev=3)
    assert timeline.heard(said(3, rev=5), 0.0) == []
    assert timeline.needs_reading
    told = timeline.read(Page([said(3, rev=5)], head(3, 5), reset=False, last=True))
    assert [(each.kind, each.message["rev"]) for each in told] == [("message", 5)]
    assert timeline.heard(said(3, rev=5), 0.0) == []


def test_a_notice_is_told_once_and_may_end_the_epoch() -> None:
    timeline = started()
    notice = {
        "id": "n1",
        "seq": None,
        "notice": {"kind": "MEMBER_LEFT", "userId": "bob", "nextEpoch": 2, "rev": 2},
    }
    assert [each.kind for each in timeline.heard(notice, 0.0)] == ["notice"]
    assert timeline.heard(notice, 0.0) == []
    assert timeline.epoch == 2


def test_a_reset_begins_again_at_the_head() -> None:
    timeline = started()
    timeline.heard(said(1), 0.0)
    assert timeline.read(Page([], head(5_000, 6_000, epoch=3), reset=True, last=True)) == []
    assert (timeline.position, timeline.epoch) == (Position(5_000, "t5000", 6_000), 3)
    assert timeline.since(Position(1, "t1", 2)) is None


def test_history_that_was_read_before_a_parting_does_not_bring_its_epoch_back() -> None:
    timeline = started()
    notice = {"id": "n1", "seq": None, "notice": {"kind": "MEMBER_LEFT", "userId": "bob", "nextEpoch": 2}}
    timeline.heard(notice, 0.0)
    timeline.read(Page([], head(0, 1, epoch=1), reset=False, last=True))
    assert timeline.epoch == 2


def test_a_message_that_waits_for_one_before_it_goes_on_waiting_after_history_that_ends_earlier() -> None:
    timeline = started(seq=5, rev=6)
    timeline.heard(said(7), 1.0)
    timeline.read(Page([], head(5, 6), reset=False, last=True))
    timeline.expire(1.0 + HOLD_S)
    assert needs_reading(timeline)


def test_what_history_has_of_a_message_counts_if_it_is_newer_than_what_was_heard() -> None:
    timeline = started()
    timeline.heard(said(2), 0.0)
    told = timeline.read(Page([said(2, rev=4)], head(2, 4), reset=False, last=True))
    assert [each.message["rev"] for each in told] == [4]


class Chat:
    """The chat behind: what is stored, and what was published."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.log: list[tuple[int, int]] = []
        self.rev, self.epoch = 1, 1

    def send(self) -> dict[str, Any]:
        self.rev += 1
        self.messages.append(said(len(self.messages) + 1))
        return dict(self.messages[-1])

    def edit(self, index: int) -> dict[str, Any]:
        self.rev += 1
        self.messages[index]["rev"] = self.rev
        self.log.append((self.rev, index))
        return dict(self.messages[index])

    @property
    def head(self) -> dict[str, Any]:
        return head(len(self.messages), self.rev, self.epoch)

    def changes(self, position: Position) -> Page:
        changed = sorted(
            {index for rev, index in self.log if rev > position.rev and index < position.seq},
            key=lambda index: self.messages[index]["rev"],
        )
        items = [dict(self.messages[index]) for index in changed]
        items += [dict(each) for each in self.messages[position.seq :]]
        return Page(items, self.head, reset=False, last=True)


class Person:
    """A client that puts together what it is told, and comes back with its position after cuts."""

    def __init__(self, at: Position) -> None:
        self.at = at
        self.has: dict[str, int] = {}
        self.order: list[int] = []

    def told(self, frame: bytes) -> None:
        kind, message, at = json.loads(frame)
        rev = message.get("rev") or 0
        if message["id"] not in self.has:
            assert kind == "message"
            self.order.append(message["seq"])
        self.has[message["id"]] = max(rev, self.has.get(message["id"], 0))
        self.at = Position.parse(at)


class Life:
    """A room, its timeline in one process, and a client there that is cut off and comes back."""

    def __init__(self, seed: int, tail: int) -> None:
        self.chance = Random(seed)  # noqa: S311  repeatable
        self.chat, self.timeline = Chat(), Timeline(encode, tail)
        self.timeline.start(self.chat.head)
        self.person = Person(Position(0, None, 1))
        self.is_away = False
        self.underway: list[Mapping[str, Any]] = []
        self.now = 0.0

    def step(self) -> None:
        self.now += 0.05
        dice = self.chance.random()
        if dice < 0.45:
            self.underway.append(self.chat.send())
        elif dice < 0.6 and self.chat.messages:
            self.underway.append(self.chat.edit(self.chance.randrange(len(self.chat.messages))))
        elif dice < 0.7:
            self.cut_or_return()
        self.live()
        self.timeline.expire(self.now)
        if self.timeline.needs_reading:
            self.read()

    def live(self) -> None:
        """Some of what is underway arrives: in any order, twice, or never."""
        self.chance.shuffle(self.underway)
        while self.underway and self.chance.random() < 0.7:
            frame = self.underway.pop()
            for _ in range(self.chance.choice([0, 1, 1, 1, 2])):
                self.tell(self.timeline.heard(frame, self.now))

    def read(self) -> None:
        self.tell(self.timeline.read(self.chat.changes(self.timeline.position or Position(0, None, 1))))

    def tell(self, told: list[Told]) -> None:
        for each in () if self.is_away else told:
            self.person.told(each.frame)

    def cut_or_return(self) -> None:
        if self.is_away:
            missed = self.timeline.since(self.person.at)
            for frame in self.from_history() if missed is None else [each.frame for each in missed]:
                self.person.told(frame)
        self.is_away = not self.is_away

    def from_history(self) -> list[bytes]:
        """What a client is given that was away for longer than the tail reaches, up to where the room is here."""
        at, reached = self.person.at, self.timeline.position or self.person.at
        told = []
        for message in self.chat.changes(at).items:
            if message["seq"] > reached.seq:
                break
            kind: Kind = "message" if message["seq"] > at.seq else "change"
            position = Position(max(message["seq"], at.seq), None, at.rev)
            told.append(encode(kind, message, position))
        return told


@given(st.integers(0, 2**32), st.integers(2, 40), st.sampled_from([2, 5, 1_000]))
def test_whatever_the_live_path_does_everything_is_told_once_and_in_order(
    seed: int, steps: int, tail: int
) -> None:
    life = Life(seed, tail)
    for _ in range(steps):
        life.step()
    if life.is_away:
        life.cut_or_return()
    life.read()
    count = len(life.chat.messages)
    assert life.person.order == list(range(1, count + 1))
    assert life.person.has == {each["id"]: each["rev"] or 0 for each in life.chat.messages}
