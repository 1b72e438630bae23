"""What the replay buffer has for those who come back, and what it does not promise."""

import json
from typing import Any

from gateway import server_frames
from gateway.position import RoomPosition
from gateway.replay_buffer import EventKind, MemoryBudget
from gateway.timeline import HistoryPage, Message, Timeline
from tests.gateway.room_messages import encode, head, new_message, seqs, started


def test_whoever_comes_back_gets_what_is_buffered_and_nothing_where_the_buffer_ends() -> None:
    timeline = Timeline(encode, capacity=3)
    timeline.start(head(0, 1))
    for seq in range(1, 6):
        timeline.receive(new_message(seq), 0.0)
    assert seqs(timeline.since(RoomPosition(3, "t3", 1)) or []) == [4, 5]
    assert timeline.since(RoomPosition(1, "t1", 1)) is None
    assert seqs(timeline.since(RoomPosition(2, "t2", 1)) or []) == [3, 4, 5]
    assert timeline.since(RoomPosition(9, "t9", 1)) is None


def test_a_change_that_left_the_buffer_is_not_promised_any_more() -> None:
    timeline = Timeline(encode, capacity=1)
    timeline.start(head(2, 3))
    timeline.receive(new_message(1, rev=4), 0.0)
    timeline.receive(new_message(2, rev=5), 0.0)
    assert timeline.since(RoomPosition(2, "t2", 3)) is None
    assert [each.rev for each in timeline.since(RoomPosition(2, "t2", 4)) or []] == [5]


def test_rooms_share_what_their_buffers_may_take() -> None:
    budget = MemoryBudget(limit=3_000)
    one, other = Timeline(encode, budget=budget), Timeline(encode, budget=budget)
    one.start(head(0, 1))
    other.start(head(0, 1))
    for seq in range(1, 20):
        one.receive(new_message(seq), 0.0)
        other.receive(new_message(seq), 0.0)
        assert budget.used <= budget.limit
    for timeline in (one, other):
        assert timeline.since(RoomPosition(1, "t1", 1)) is None
        assert seqs(timeline.since(RoomPosition(18, "t18", 1)) or []) == [19]
    one.buffer.close()
    other.buffer.close()
    assert budget.used == 0


def test_a_busy_room_does_not_take_a_quiet_ones_buffer() -> None:
    budget = MemoryBudget(limit=20_000)
    quiet, busy = Timeline(encode, budget=budget), Timeline(encode, budget=budget)
    quiet.start(head(0, 1))
    busy.start(head(0, 1))
    quiet.receive(new_message(1), 0.0)
    for seq in range(1, 200):
        busy.receive(new_message(seq), 0.0)
    assert seqs(quiet.since(RoomPosition(0, None, 1)) or []) == [1]
    assert seqs(busy.since(RoomPosition(190, "t190", 1)) or []) == list(range(191, 200))


def test_events_of_the_meantime_can_be_had_by_count_unless_the_room_began_again() -> None:
    timeline = started()
    timeline.receive(new_message(1), 0.0)
    count = timeline.buffer.count
    assert timeline.buffer.appended_since(count) == []
    timeline.receive(new_message(2), 0.0)
    timeline.receive(new_message(1, rev=5), 0.0)
    assert seqs(timeline.buffer.appended_since(count) or []) == [2, 1]
    timeline.start(head(9, 12))
    assert timeline.buffer.appended_since(count) is None


def test_a_notice_is_not_sent_again_to_whoever_has_a_later_message() -> None:
    timeline = started()
    timeline.receive({"id": "n1", "seq": None, "notice": {"kind": "MEMBER_ADDED", "rev": 2}}, 0.0)
    timeline.receive(new_message(1), 0.0)
    kinds = [each.kind for each in timeline.since(RoomPosition(0, None, 1)) or []]
    assert kinds == ["notice", "message"]
    assert timeline.since(RoomPosition(1, "t1", 1)) == []


def test_somebody_from_elsewhere_gets_a_message_as_it_is_now() -> None:
    timeline = started()
    timeline.receive(new_message(1), 0.0)
    timeline.receive(new_message(2), 0.0)
    timeline.receive(new_message(2, rev=4), 0.0)
    elsewhere = RoomPosition(1, "t1", 9)
    assert [(each.kind, each.seq, each.rev) for each in timeline.since(elsewhere) or []] == [
        ("message", 2, 4)
    ]


def test_what_was_edited_away_or_removed_leaves_the_buffer_when_its_change_arrives() -> None:
    budget = MemoryBudget(limit=10**6)
    timeline = Timeline(encode, budget=budget)
    timeline.start(head(0, 1))
    said = {"text": "the secret", "attachments": [{"name": "secret.pdf"}]}
    timeline.receive(new_message(1) | said, 0.0)
    away = RoomPosition(0, None, 1)
    present = RoomPosition(1, "t1", 1)
    edited: dict[str, Any] = {"text": "edited to another secret"}
    removed: dict[str, Any] = {"text": None, "removedAt": "t9"}
    for rev, now in [(3, edited), (4, removed)]:
        timeline.receive(new_message(1, rev=rev) | now, 0.0)
        for position, kind in [(away, "message"), (present, "change")]:
            (event,) = timeline.since(position) or []
            assert json.loads(event.frame)[:2] == [kind, new_message(1, rev=rev) | now]
    everything = timeline.buffer.appended_since(1) or []
    assert len(everything) == 3
    assert not any(b"secret" in each.frame for each in everything)
    assert budget.used == sum(each.size for each in everything)
    timeline.buffer.close()
    assert budget.used == 0


def test_whoever_is_still_being_given_a_message_gets_it_as_it_is_when_it_is_written() -> None:
    timeline = Timeline(encode, capacity=1)
    timeline.start(head(0, 1))
    timeline.receive(new_message(1) | {"text": "the secret"}, 0.0)
    (waiting,) = timeline.since(RoomPosition(0, None, 1)) or []
    timeline.receive(new_message(2), 0.0)
    timeline.receive(new_message(1, rev=5) | {"text": None}, 0.0)
    assert b"secret" not in waiting.frame


def test_an_older_state_that_comes_late_does_not_come_back() -> None:
    timeline = started()
    timeline.receive(new_message(1), 0.0)
    timeline.receive(new_message(1, rev=5) | {"text": None}, 0.0)
    timeline.receive(new_message(1, rev=4) | {"text": "the secret"}, 0.0)
    assert not any(b"secret" in each.frame for each in timeline.buffer.appended_since(1) or [])


def test_messages_that_may_have_expired_are_left_to_the_chat() -> None:
    timeline = started()
    for seq in (1, 2, 3):
        timeline.receive(new_message(seq), 0.0)
    timeline.buffer.forget_before("t3")
    assert timeline.since(RoomPosition(1, "t1", 1)) is None
    assert seqs(timeline.since(RoomPosition(2, "t2", 1)) or []) == [3]


def test_a_position_survives_its_way_to_the_client_and_back() -> None:
    for position in (RoomPosition(0, None, 0), RoomPosition(17, "2026-01-31T12:00:00.000Z", 42)):
        assert RoomPosition.parse(str(position)) == position


def framed(kind: EventKind, message: Message, position: RoomPosition) -> bytes:
    text = server_frames.encode(kind, room="lobby", at=str(position), message=message)
    return server_frames.framed(text)


def reacted(rev: int, *changed: dict[str, Any]) -> dict[str, Any]:
    """The notice of a summary."""
    notice = {
        "kind": "REACTIONS_CHANGED",
        "userId": None,
        "nextEpoch": None,
        "rev": rev,
        "reactions": changed,
    }
    return {"id": f"n{rev}", "seq": None, "epoch": 1, "notice": notice}


def reactions(seq: int, rev: int, count: int) -> dict[str, Any]:
    found = [{"emoji": "👍", "count": count, "userIds": ["ann"]}]
    return {"id": f"m{seq}", "seq": seq, "rev": rev, "reactions": found}


def buffered(timeline: Timeline) -> dict[str, tuple[object, object, int]]:
    """Of each event of a message: `rev`, text, and how many reacted."""
    found = {}
    for event in timeline.since(timeline.buffer.after) or []:
        fields = json.loads(server_frames.payload(event.frame))
        message = fields["message"]
        if fields["type"] != "notice":
            counts = [each["count"] for each in message.get("reactions") or ()]
            found[f"{fields['type']} {message['id']}"] = (message["rev"], message.get("text"), sum(counts))
    return found


def test_reactions_are_put_into_what_is_replayed_and_larger_revisions_win() -> None:
    timeline = Timeline(framed)
    timeline.start(head(0, 1))
    timeline.receive(new_message(1), 0.0)
    (event,) = timeline.receive(reacted(3, reactions(1, 3, 1), reactions(7, 3, 9)), 0.0)
    assert event.kind == "notice"
    assert buffered(timeline) == {"message m1": (None, None, 1)}
    timeline.receive(reacted(5, reactions(1, 5, 2)), 0.0)
    timeline.receive(reacted(4, reactions(1, 4, 7)), 0.0)
    assert buffered(timeline) == {"message m1": (None, None, 2)}


def test_an_edit_that_comes_after_newer_reactions_keeps_these_and_one_that_is_newer_has_its_own() -> None:
    timeline = Timeline(framed)
    timeline.start(head(1, 1))
    timeline.receive(new_message(2), 0.0)
    timeline.receive(reacted(6, reactions(2, 6, 3)), 0.0)
    timeline.receive({**new_message(2, rev=4), "text": "edited"}, 0.0)
    assert buffered(timeline)["message m2"] == (4, "edited", 3)
    later = {**new_message(2, rev=8), "text": "again", "reactions": reactions(2, 8, 5)["reactions"]}
    timeline.receive(later, 0.0)
    assert buffered(timeline)["message m2"] == (8, "again", 5)
    timeline.receive(reacted(7, reactions(2, 7, 1)), 0.0)
    assert buffered(timeline)["message m2"] == (8, "again", 5)
    timeline.receive({**new_message(2, rev=9), "removedAt": "t", "reactions": None}, 0.0)
    timeline.receive(reacted(10, reactions(2, 10, 1)), 0.0)
    assert buffered(timeline)["message m2"] == (9, None, 0)


def test_an_edit_that_was_lost_before_reactions_still_comes_from_history() -> None:
    """The text is told by the message's own `rev`, which reactions do not move here."""
    timeline = Timeline(framed)
    timeline.start(head(1, 1))
    timeline.receive(reacted(6, reactions(1, 6, 3)), 0.0)
    page = HistoryPage([{**new_message(1, rev=6), "text": "edited"}], head(1, 6), reset=False, last=True)
    assert [each.kind for each in timeline.read(page)] == ["change"]


def test_reactions_that_not_everybody_may_see_are_told_by_their_message_alone() -> None:
    timeline = Timeline(framed)
    timeline.start(head(0, 1))
    timeline.receive(new_message(1), 0.0)
    timeline.receive(reacted(3, {"id": "m1", "seq": 1, "rev": 3, "reactions": None}), 0.0)
    assert buffered(timeline) == {"message m1": (None, None, 0)}


def test_what_waits_for_its_turn_gets_them_too() -> None:
    timeline = Timeline(framed)
    timeline.start(head(0, 1))
    timeline.receive(new_message(2), 0.0)
    timeline.receive(reacted(3, reactions(2, 3, 4)), 0.0)
    events = timeline.receive(new_message(1), 0.1)
    assert [each.message.get("reactions", [{}])[0].get("count") for each in events] == [None, 4]


def test_an_erasure_leaves_nothing_of_its_messages_in_memory() -> None:
    def written(kind: EventKind, message: Message, at: RoomPosition) -> bytes:
        return server_frames.framed(server_frames.encode(kind, room="r", at=str(at), message=message))

    timeline = Timeline(written)
    timeline.start(head(0, 1))
    for seq in (1, 2, 3):
        sent: Any = {**new_message(seq), "text": f"secret {seq}", "senderId": "eve"}
        timeline.receive(sent, 0.0)
    notice = {"kind": "ERASED", "userId": None, "nextEpoch": None, "rev": 9, "erased": [{"from": 1, "to": 2}]}
    timeline.receive({**new_message(1), "seq": None, "id": "n1", "senderId": "", "notice": notice}, 0.0)
    frames = [
        json.loads(server_frames.payload(each.frame))
        for each in timeline.since(RoomPosition(0, None, 1)) or ()
    ]
    messages = [each["message"] for each in frames if each["type"] == "message"]
    assert [each["text"] for each in messages] == [None, None, "secret 3"]
    assert [each["seq"] for each in messages] == [1, 2, 3]
    assert [each.get("erased") for each in messages] == [True, True, None]
    assert "eve" not in json.dumps(messages[:2])
    assert timeline.has_told([{"from": 1, "to": 2}])
    assert not timeline.has_told([{"from": 1, "to": 3}])
