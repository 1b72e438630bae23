"""Buffers, history and live frames are everybody's; each person is written what they may see."""

from typing import Any

from gateway.broadcaster import Broadcaster
from gateway.position import RoomPosition, Sight
from gateway.timeline import HistoryPage, is_reduced
from tests.gateway.fakes import Bob, FakeChat, FakeFeed, member
from tests.gateway.room_messages import head, new_message, seqs, started

SINCE = RoomPosition(5, "t5", 6)


class Written:
    """A transport that keeps what it is written."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []

    def write(self, frame: bytes) -> None:
        self.frames.append(frame)


def changed(seq: int, rev: int, **more: Any) -> dict[str, Any]:
    """A message that was changed, whole."""
    return new_message(seq, rev) | {"text": f"text {rev}", "version": 2, "clientMessageId": f"c{seq}"} | more


def reduced(seq: int, rev: int) -> dict[str, Any]:
    return new_message(seq, rev) | {"text": None, "version": None, "clientMessageId": None}


def test_a_frame_about_a_hidden_message_goes_to_those_who_may_see_it() -> None:
    everybody, ann, bob = Broadcaster(0.0), Written(), Written()
    transports: Any = (ann, bob)
    everybody.add(transports[0])
    everybody.add(transports[1], 5)
    for seq in (0, 5, 6):
        everybody.publish(f"about {seq}".encode(), seq)
    assert ann.frames == [b"about 0", b"about 5", b"about 6"]
    assert bob.frames == [b"about 0", b"about 6"]
    everybody.hide(transports[1], 0)
    everybody.publish(b"about 5", 5)
    assert bob.frames[-1] == b"about 5"
    everybody.hide(transports[0], 9)
    everybody.remove(transports[0])
    everybody.publish(b"about 7", 7)
    assert (ann.frames[-1], bob.frames[-1]) == (b"about 5", b"about 7")


def test_whoever_is_no_subscriber_is_hidden_nothing() -> None:
    everybody, ann, bob = Broadcaster(0.0), Written(), Written()
    transports: Any = (ann, bob)
    everybody.add(transports[0])
    everybody.hide(transports[1], 5)
    everybody.publish(b"about 5", 5)
    assert (ann.frames, bob.frames) == ([b"about 5"], [])


async def test_nothing_of_a_hidden_message_is_replayed_and_nothing_of_it_is_heard() -> None:
    meanwhile = [*(new_message(seq) for seq in (1, 2, 3)), changed(1, 7), changed(3, 8)]
    bob = Bob(FakeChat(member(1, historyFrom="JOINING", joinedSeq=2)), FakeFeed(meanwhile))
    bob.feed.timeline.receive(new_message(1), 0.0)
    await bob.sends(type="subscribe", room="lobby", since="3//1")
    assert await bob.joined() == ["message", "subscribed"]
    assert [frame.get("id") for frame in bob.written] == ["m3", None]
    bob.feed.subscribers.publish(b"", 2)
    assert len(bob.written) == 2
    await bob.hub.close()


async def test_who_holds_another_part_of_the_room_starts_afresh() -> None:
    for since, room in (
        ("1//9", {"historyFrom": "JOINING", "joinedSeq": 2}),  # from before they joined
        (
            "3//4",
            {"historyFrom": "BEGINNING", "joinedSeq": 2, "historyRev": 5},
        ),  # from before the rule was changed
    ):
        bob = Bob(FakeChat(member(1, **room)), FakeFeed())
        await bob.sends(type="subscribe", room="lobby", since=since)
        assert await bob.joined() == ["reset", "subscribed"]
        assert bob.written[-1]["resumed"] is False
        await bob.hub.close()


def test_a_position_is_judged_as_changes_would() -> None:
    hiding = Sight.of(
        {"me": {"joinedSeq": 4}, "historyFrom": "JOINING", "historyRev": 6, "head": {"epoch": 3}}
    )
    assert (hiding.epoch, hiding.hidden) == (3, 4)
    assert not hiding.is_outdated(SINCE)
    assert hiding.is_outdated(RoomPosition(5, "t5", 5))
    assert hiding.is_outdated(RoomPosition(4, "t4", 6))
    assert (hiding.is_outdated(4), hiding.is_outdated(5)) == (True, False)
    founder = Sight.of(
        {"me": {"joinedSeq": 0}, "historyFrom": "JOINING", "historyRev": 6, "head": {"epoch": 3}}
    )
    assert not founder.is_outdated(RoomPosition(0, None, 0))
    older = Sight.of({"me": {}, "head": {"epoch": 3}})  # an API without the rule
    assert (older.hidden, older.is_outdated(0)) == (0, False)


def test_a_reduced_change_takes_the_older_state_away_and_history_brings_the_new_one() -> None:
    timeline = started()
    timeline.receive(new_message(1) | {"text": "the secret"}, 0.0)
    assert timeline.receive(reduced(1, 5), 0.0) == []
    assert timeline.needs_reading
    buffered = timeline.since(RoomPosition(0, None, 1)) or []
    assert seqs(buffered) == [1]
    assert not any(b"secret" in each.frame for each in buffered)
    events = timeline.read(HistoryPage([changed(1, 5)], head(1, 5), reset=False, last=True))
    assert [(event.kind, event.message["text"]) for event in events] == [("change", "text 5")]
    replayed = timeline.since(RoomPosition(0, None, 1)) or []
    assert all(b"text 5" in each.frame for each in replayed)


def test_a_reduced_change_of_a_message_that_has_not_come_yet_lets_no_older_state_through() -> None:
    timeline = started()
    timeline.receive(new_message(2) | {"text": "the secret"}, 0.0)  # held: the first has not come
    assert timeline.receive(reduced(2, 5), 0.0) == []
    assert timeline.receive(new_message(2) | {"text": "the secret"}, 0.0) == []
    assert seqs(timeline.receive(new_message(1), 0.0)) == [1]
    assert timeline.needs_reading
    events = timeline.read(HistoryPage([changed(2, 5)], head(2, 5), reset=False, last=True))
    assert [(event.kind, event.message["text"]) for event in events] == [("message", "text 5")]


def test_a_removal_that_a_sender_selected_no_more_of_than_it_must_is_whole() -> None:
    assert not is_reduced(changed(1, 5, version=None))
    assert not is_reduced(new_message(1))
    assert is_reduced(reduced(1, 5))
