"""What the tail has for those who come back, and what it does not promise."""

from gateway.tail import Budget, Position
from gateway.timeline import Timeline
from tests.gateway.telling import encode, head, numbers, said, started


def test_whoever_comes_back_gets_what_the_tail_has_and_nothing_where_it_ends() -> None:
    timeline = Timeline(encode, tail=3)
    timeline.start(head(0, 1))
    for seq in range(1, 6):
        timeline.heard(said(seq), 0.0)
    assert numbers(timeline.since(Position(3, "t3", 1)) or []) == [4, 5]
    assert timeline.since(Position(1, "t1", 1)) is None
    assert numbers(timeline.since(Position(2, "t2", 1)) or []) == [3, 4, 5]
    assert timeline.since(Position(9, "t9", 1)) is None


def test_a_change_that_left_the_tail_is_not_promised_any_more() -> None:
    timeline = Timeline(encode, tail=1)
    timeline.start(head(2, 3))
    timeline.heard(said(1, rev=4), 0.0)
    timeline.heard(said(2, rev=5), 0.0)
    assert timeline.since(Position(2, "t2", 3)) is None
    assert [each.rev for each in timeline.since(Position(2, "t2", 4)) or []] == [5]


def test_rooms_share_what_their_tails_may_take() -> None:
    budget = Budget(limit=3_000)
    one, other = Timeline(encode, budget=budget), Timeline(encode, budget=budget)
    one.start(head(0, 1))
    other.start(head(0, 1))
    for seq in range(1, 20):
        one.heard(said(seq), 0.0)
        other.heard(said(seq), 0.0)
        assert budget.used <= budget.limit
    for timeline in (one, other):
        assert timeline.since(Position(1, "t1", 1)) is None
        assert numbers(timeline.since(Position(18, "t18", 1)) or []) == [19]
    one.tail.close()
    other.tail.close()
    assert budget.used == 0


def test_a_room_that_is_busy_does_not_take_a_quiet_ones_tail() -> None:
    budget = Budget(limit=20_000)
    quiet, busy = Timeline(encode, budget=budget), Timeline(encode, budget=budget)
    quiet.start(head(0, 1))
    busy.start(head(0, 1))
    quiet.heard(said(1), 0.0)
    for seq in range(1, 200):
        busy.heard(said(seq), 0.0)
    assert numbers(quiet.since(Position(0, None, 1)) or []) == [1]
    assert numbers(busy.since(Position(190, "t190", 1)) or []) == list(range(191, 200))


def test_what_was_told_meanwhile_can_be_had_by_count_unless_the_room_began_again() -> None:
    timeline = started()
    timeline.heard(said(1), 0.0)
    count = timeline.tail.count
    assert timeline.tail.told_since(count) == []
    timeline.heard(said(2), 0.0)
    timeline.heard(said(1, rev=5), 0.0)
    assert numbers(timeline.tail.told_since(count) or []) == [2, 1]
    timeline.start(head(9, 12))
    assert timeline.tail.told_since(count) is None


def test_a_notice_is_not_told_again_to_whoever_was_told_a_later_message() -> None:
    timeline = started()
    timeline.heard({"id": "n1", "seq": None, "notice": {"kind": "MEMBER_ADDED", "rev": 2}}, 0.0)
    timeline.heard(said(1), 0.0)
    kinds = [each.kind for each in timeline.since(Position(0, None, 1)) or []]
    assert kinds == ["notice", "message"]
    assert timeline.since(Position(1, "t1", 1)) == []


def test_somebody_from_elsewhere_is_told_of_a_message_and_of_its_change() -> None:
    timeline = started()
    timeline.heard(said(1), 0.0)
    timeline.heard(said(2), 0.0)
    timeline.heard(said(2, rev=4), 0.0)
    elsewhere = Position(1, "t1", 9)
    assert [(each.kind, each.seq) for each in timeline.since(elsewhere) or []] == [
        ("message", 2),
        ("change", 2),
    ]


def test_a_position_survives_its_way_to_the_client_and_back() -> None:
    for position in (Position(0, None, 0), Position(17, "2026-01-31T12:00:00.000Z", 42)):
        assert Position.parse(str(position)) == position
