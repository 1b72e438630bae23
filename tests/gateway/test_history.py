"""What somebody missed fits to what the room here is sent: nothing between the two is left out, and
nothing is sent twice."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from gateway import documents
from gateway.documents import Document
from gateway.history import History
from gateway.metrics import Metrics
from gateway.position import RoomPosition
from gateway.timeline import HistoryPage, Timeline
from tests.gateway.room_messages import encode, head, new_message


def kind_and_seq(frame: bytes) -> tuple[str, int]:
    kind, message, _ = json.loads(frame)
    return kind, message["seq"]


class Behind:
    """The chat, and a room here that has received its messages up to `received`; catching up receives the
    rest."""

    def __init__(self, count: int, received: int, *, edited: int | None = None) -> None:
        self.messages = [
            new_message(seq, count + 2 if seq == edited else None) for seq in range(1, count + 1)
        ]
        self.rev = count + 1 + (edited is not None)
        self.timeline = Timeline(encode)
        self.timeline.start(head(received, received + 1))
        self.history = History(self.ask, self.catch_up, self.timeline, encode, Metrics())
        self.asked: list[Document] = []
        self.during_answer: Callable[[], object] = lambda: None
        """Happens when the chat has read its answer, before it arrives."""

    async def ask(self, document: Document, **variables: Any) -> Any:
        self.asked.append(document)
        about = {"nextToken": None, "head": head(len(self.messages), self.rev)}
        self.during_answer()
        if document == documents.MESSAGES:
            return about | {"items": self.messages[::-1]}
        seq = int(variables["after"][1:]) if variables["after"] else 0
        changed = [each for each in self.messages[:seq] if (each["rev"] or 0) > variables["since"]]
        return about | {"items": changed + self.messages[seq:], "reset": False}

    async def catch_up(self) -> None:
        position = self.timeline.position
        assert position is not None
        for message in self.messages[position.seq :]:
            self.timeline.receive(message, 0.0)

    async def given(self, since: RoomPosition | int) -> list[tuple[str, int]] | None:
        """What somebody is given who was at `since`."""
        missed = await self.history.missed(since)
        replayed = None if missed is None else self.history.replay(missed)
        return None if replayed is None else [kind_and_seq(each.frame) for each in replayed]


@pytest.mark.parametrize("since", [0, 2, RoomPosition(0, None, 1), RoomPosition(2, "t2", 3)])
async def test_what_history_has_and_was_not_received_live_yet_is_sent_once(since: RoomPosition | int) -> None:
    chat = Behind(count=7, received=4)
    start = since if isinstance(since, int) else since.seq
    assert await chat.given(since) == [("message", seq) for seq in range(start + 1, 8)]
    assert chat.timeline.position == RoomPosition(7, "t7", 5)


async def test_somebody_who_was_sent_more_elsewhere_misses_nothing_here() -> None:
    chat = Behind(count=7, received=4)
    assert await chat.given(RoomPosition(6, "t6", 5)) == [("message", 7)]
    assert chat.asked == []


async def test_changes_of_what_they_have_come_before_what_they_missed() -> None:
    chat = Behind(count=4, received=4, edited=1)
    assert await chat.given(RoomPosition(2, "t2", 3)) == [("change", 1), ("message", 3), ("message", 4)]


async def test_whoever_asks_for_the_same_within_a_moment_is_served_by_one_reading() -> None:
    chat = Behind(count=9, received=9)
    for _ in range(5):
        assert await chat.given(RoomPosition(1, "t1", 2)) == [("message", seq) for seq in range(2, 10)]
    assert chat.asked == [documents.CHANGES]


@pytest.mark.parametrize("since", [0, RoomPosition(0, None, 1)])
async def test_what_is_removed_while_history_is_read_or_after_it_is_not_given(
    since: RoomPosition | int,
) -> None:
    chat = Behind(count=3, received=3)
    for each in chat.messages:
        each["text"] = "the secret"
    chat.during_answer = lambda: chat.timeline.receive(new_message(1, rev=5) | {"text": None}, 0.0)
    missed = await chat.history.missed(since)
    assert missed is not None
    replayed = chat.history.replay(missed) or []
    chat.timeline.receive(new_message(2, rev=6) | {"text": None}, 0.0)
    texts = [json.loads(each.frame)[1].get("text") for each in replayed if each.frame]
    assert texts[:3] == [None, None, "the secret"]
    again = await chat.history.missed(since)
    assert again is missed, "it is shared"
    texts = [json.loads(each.frame)[1].get("text") for each in chat.history.replay(again) or []]
    assert texts.count("the secret") == 1


async def test_a_position_that_was_never_given_is_not_resumed() -> None:
    chat = Behind(count=3, received=3)
    assert await chat.given(RoomPosition(10**6, "t3", 10**6)) is None


async def test_an_edit_that_came_with_the_message_here_is_a_change_for_whoever_has_an_older_state() -> None:
    chat = Behind(count=3, received=2)
    early = await chat.history.missed(0)
    chat.messages[2]["rev"], chat.rev = 5, 5
    chat.messages.append(new_message(4))
    chat.timeline.start(head(2, 3))
    chat.timeline.receive(chat.messages[2], 0.0)
    chat.timeline.read(HistoryPage(chat.messages[2:], head(4, 6), reset=False, last=True))
    assert early is not None
    frames = [kind_and_seq(each.frame) for each in chat.history.replay(early) or []]
    assert frames == [("message", 1), ("message", 2), ("message", 3), ("change", 3), ("message", 4)]
