"""The rules of a client, without I/O: each by itself, and then all of
them against any order of what may happen."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.guarantees.catch_up.fake_room import MOVES, FakeRun, head, message, notice
from tests.guarantees.catch_up.follower import COMPARE_S, GAP_S, RETRY_S, Follower
from tests.guarantees.catch_up.follower_events import (
    Accepted,
    Action,
    Change,
    Compare,
    Disconnected,
    Failed,
    Forget,
    HeadAnswer,
    Message,
    Notify,
    Page,
    ReadChanges,
    ReadMessages,
    Received,
    Refused,
    Show,
    Stale,
    Stop,
    Subscribe,
)


def following(seq: int = 2, rev: int | None = None) -> Follower:
    """One that has messages 1 … `seq` and follows epoch 1."""
    follower = Follower(1)
    (subscribe,) = follower.begin()
    assert subscribe == Subscribe(1, 1)
    assert follower.take(Accepted(1), 0) == [ReadMessages(2, None)]
    items = [message(number) for number in range(1, seq + 1)]
    follower.take(Page(2, items, None, head(seq, rev=rev)), 0)
    assert follower.is_quiet
    return follower


def received(follower: Follower, *messages: Message, now: float = 0) -> list[Action]:
    return [action for each in messages for action in follower.take(Received(each), now)]


def test_a_client_that_knows_no_epoch_asks_for_it_and_subscribes_with_it() -> None:
    follower = Follower()
    assert follower.begin() == [Compare(1)]
    assert follower.take(HeadAnswer(1, head(0, epoch=7)), 0) == [Subscribe(2, 7)]
    assert follower.take(Stale(2, 8), 0) == [Subscribe(3, 8)]
    assert follower.take(Accepted(3), 0) == [ReadMessages(4, None)]


def test_the_first_reading_follows_the_token_and_then_reads_what_changed_meanwhile() -> None:
    follower = Follower(1)
    follower.begin()
    follower.take(Accepted(1), 0)
    first = follower.take(Page(2, [message(1)], "a", head(2)), 0)
    assert first == [Show([message(1)]), ReadMessages(3, "a")]
    last = follower.take(Page(3, [message(2)], None, head(2, rev=4)), 0)
    assert last == [Show([message(2)]), ReadChanges(4, 3, "t2", None)]
    assert follower.take(Page(4, [message(1, 4)], None, head(2, rev=4)), 0) == [Change(message(1, 4))]
    assert follower.is_quiet


def test_what_comes_live_before_the_first_page_waits_for_it() -> None:
    follower = Follower(1)
    follower.begin()
    assert received(follower, message(3), message(2, 5)) == []
    follower.take(Accepted(1), 0)
    page = Page(2, [message(1), message(2)], None, head(2))
    shown = follower.take(page, 0)
    assert shown == [Show([message(1)]), Show([message(2, 5)]), Show([message(3)])]


def test_an_edit_that_overtakes_the_page_with_its_message_is_not_lost() -> None:
    follower = Follower(1)
    follower.begin()
    received(follower, message(1, 3))
    follower.take(Accepted(1), 0)
    page = Page(2, [message(1), message(2)], None, head(2, rev=3))
    assert follower.take(page, 0) == [Show([message(1, 3)]), Show([message(2)])]


def test_live_messages_are_shown_in_the_order_of_their_numbers_and_once() -> None:
    follower = following()
    assert received(follower, message(4)) == []
    assert received(follower, message(3)) == [Show([message(3)]), Show([message(4)])]
    assert received(follower, message(3), message(4), message(1)) == []
    assert (follower.counts.live, follower.counts.duplicates) == (2, 3)


def test_a_gap_is_given_a_moment_and_then_read() -> None:
    follower = following()
    received(follower, message(4), now=5)
    assert follower.deadline == 5 + GAP_S
    assert follower.tick(5) == []
    assert follower.tick(5 + GAP_S) == [ReadChanges(3, 3, "t2", None)]
    page = Page(3, [message(3), message(4)], None, head(4))
    assert follower.take(page, 6) == [Show([message(3)]), Show([message(4)])]
    assert (follower.counts.repaired, follower.counts.live, follower.counts.gaps) == (1, 1, 1)


def test_of_two_states_of_a_message_the_later_one_counts() -> None:
    follower = following()
    assert received(follower, message(2, 9, "third")) == [Change(message(2, 9, "third"))]
    assert received(follower, message(2, 8, "second"), message(2)) == []


def test_an_edit_of_what_is_not_shown_yet_waits_for_its_place() -> None:
    follower = following()
    assert received(follower, message(4, 6), message(4)) == []
    assert received(follower, message(3)) == [Show([message(3)]), Show([message(4, 6)])]


def test_heads_are_compared_now_and_then_and_what_is_missing_is_read() -> None:
    follower = following()
    assert follower.deadline == COMPARE_S
    (ask,) = follower.tick(COMPARE_S)
    assert ask == Compare(3)
    assert follower.take(HeadAnswer(3, head(3)), COMPARE_S) == [ReadChanges(4, 3, "t2", None)]
    assert follower.take(Page(4, [message(3)], None, head(3)), COMPARE_S) == [Show([message(3)])]


def test_a_comparison_reads_nothing_where_every_event_was_received() -> None:
    follower = following()
    received(follower, message(3), message(1, 5))
    follower.tick(COMPARE_S)
    assert follower.take(HeadAnswer(3, head(3, rev=5)), COMPARE_S) == []
    follower.tick(2 * COMPARE_S)
    assert follower.take(HeadAnswer(4, head(3, rev=6)), COMPARE_S) == [ReadChanges(5, 3, "t3", None)]


def test_a_comparison_that_fails_is_left_to_the_next_one() -> None:
    follower = following()
    follower.tick(COMPARE_S)
    assert follower.take(Failed(3), COMPARE_S) == []
    assert follower.tick(2 * COMPARE_S) == [Compare(4)]


def test_a_notice_that_names_the_next_epoch_leads_there_and_to_a_catch_up() -> None:
    follower = following()
    assert received(follower, notice(2)) == [Notify(notice(2)), Subscribe(3, 2)]
    assert received(follower, notice(2), notice()) == [Notify(notice(2)), Notify(notice())]
    assert follower.take(Accepted(3), 0) == [ReadChanges(4, 3, "t2", None)]


@pytest.mark.parametrize("way", ["a comparison", "a catch-up"])
def test_an_epoch_that_has_ended_unnoticed_is_found_by_comparing_heads(way: str) -> None:
    follower = following()
    if way == "a comparison":
        follower.tick(COMPARE_S)
        assert follower.take(HeadAnswer(3, head(2, epoch=2, rev=4)), COMPARE_S) == [Subscribe(4, 2)]
    else:
        received(follower, message(4))
        follower.tick(GAP_S)
        page = Page(3, [message(3), message(4)], None, head(4, epoch=2, rev=6))
        assert follower.take(page, 1)[-1] == Subscribe(4, 2)


def test_after_a_cut_it_subscribes_and_catches_up() -> None:
    follower = following()
    assert follower.take(Disconnected(), 3) == []
    assert follower.deadline == 3 + RETRY_S
    assert follower.tick(3 + RETRY_S) == [Subscribe(4, 1)]
    assert follower.take(Accepted(4), 4) == [ReadChanges(5, 3, "t2", None)]
    assert follower.counts.reconnects == 1


def test_answers_to_requests_before_a_cut_are_ignored() -> None:
    follower = following()
    received(follower, message(4))
    follower.tick(GAP_S)
    follower.take(Disconnected(), 1)
    assert follower.take(Page(3, [message(3), message(4)], None, head(4)), 1) == []


def test_a_catch_up_that_was_cut_off_begins_again_and_the_first_reading_goes_on() -> None:
    follower = following()
    received(follower, message(4))
    follower.tick(GAP_S)
    assert follower.take(Page(3, [message(3)], "b", head(9)), 1)[-1] == ReadChanges(4, 3, "t2", "b")
    follower.take(Failed(4), 1)
    assert follower.tick(1 + RETRY_S) == [ReadChanges(6, 3, "t4", None)]
    beginner = Follower(1)
    beginner.begin()
    beginner.take(Accepted(1), 0)
    beginner.take(Page(2, [message(1)], "a", head(2)), 0)
    beginner.take(Disconnected(), 0)
    beginner.tick(RETRY_S)
    assert beginner.take(Accepted(5), 0) == [ReadMessages(6, "a")]


def test_whoever_missed_too_much_forgets_and_reads_afresh() -> None:
    follower = following()
    received(follower, message(9), now=0)
    follower.tick(GAP_S)
    afresh = follower.take(Page(3, [], None, head(9), reset=True), 1)
    assert afresh == [Forget(), ReadMessages(4, None)]
    shown = follower.take(Page(4, [message(7), message(8), message(9)], None, head(9)), 1)
    assert shown == [Show([message(number)]) for number in (7, 8, 9)]
    assert follower.counts.resets == 1


def test_messages_that_are_gone_from_the_history_are_no_gap() -> None:
    follower = following()
    received(follower, message(6))
    follower.tick(GAP_S)
    page = Page(3, [message(5), message(6)], None, head(7, rev=8))
    assert follower.take(page, 1) == [Show([message(5)]), Show([message(6)])]
    assert received(follower, message(8)) == [Show([message(8)])]


def test_whoever_is_not_in_the_room_stops_and_can_begin_again() -> None:
    follower = following()
    follower.take(Disconnected(), 0)
    follower.tick(RETRY_S)
    assert follower.take(Refused(4), 1) == [Stop()]
    assert follower.is_stopped
    assert follower.deadline is None
    assert received(follower, message(3)) == []
    assert follower.begin() == [Subscribe(5, 1)]
    assert follower.take(Stale(5, 3), 1) == [Subscribe(6, 3)]
    assert follower.take(Accepted(6), 1) == [ReadChanges(7, 3, "t2", None)]


MOVE = st.tuples(st.sampled_from(MOVES), st.integers(0, 9))


@given(moves=st.lists(MOVE, max_size=80), limit=st.integers(1, 3))
def test_whatever_happens_the_view_is_the_room_in_the_end(moves: list[Any], limit: int) -> None:
    run = FakeRun(limit)
    for kind, number in moves:
        run.move(kind, number)
    run.end()
    assert run.client.follower.is_quiet
    assert run.client.view.messages == run.room.messages
