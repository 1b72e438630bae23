"""No page reads past a recent gap in the numbers, in either order; an old gap is passed."""

import pytest

from chat.deployment import Deployment
from chat.rules.gaps import EVERYTHING, UNKNOWN, Numbered, Recency, before_recent_gap
from chat.storage.store import Store

NOW = 1_800_000_000_000
RECENT = Recency(NOW - 10_000, NOW + 3_000)
YEAR_MS = 365 * 86_400_000


def row(*numbers: int | None, ts: int = NOW) -> list[Numbered]:
    return [Numbered(ts, number) for number in numbers]


def test_what_happened_within_ten_seconds_is_recent() -> None:
    assert Deployment(store=Store(None, {}), now=lambda: NOW).recency() == RECENT
    assert RECENT.covers(NOW)
    assert RECENT.covers(NOW - 9_999)
    assert not RECENT.covers(NOW - 10_000)
    assert RECENT.covers(NOW + 1)  # by a clock that is ahead


def test_of_a_stamp_ahead_of_every_right_clock_the_instant_of_its_writing_counts() -> None:
    ahead = NOW + YEAR_MS
    assert RECENT.covers(ahead)
    assert RECENT.covers(ahead, NOW - 9_999)
    assert not RECENT.covers(ahead, NOW - 10_000)
    assert not RECENT.covers(NOW + 3_001, NOW - 10_000)
    assert RECENT.covers(NOW + 3_000, NOW - 10_000)  # whose clock was behind: the stamp is right


def test_while_the_clock_is_in_doubt_everything_is_recent_but_what_never_was() -> None:
    doubting = Deployment(store=Store(None, {}), now=lambda: NOW, clock_in_doubt=lambda: True).recency()
    assert doubting == EVERYTHING
    assert doubting.covers(1)
    assert doubting.covers(NOW + YEAR_MS, 1)
    assert not doubting.covers(0)


@pytest.mark.parametrize(
    ("numbers", "count"),
    [
        ((), None),
        ((1,), None),
        ((1, 2, 3), None),
        ((1, 3), 1),
        ((1, 2, 4, 5), 2),
        ((1, 2, 9, 20), 2),
        ((7, 7), None),
        ((None, 5), None),
        ((5, None), None),
        ((None, 1, 3), 2),
        ((1, None, 3), None),
    ],
)
def test_a_page_ends_before_the_first_recent_gap(numbers: tuple[int | None, ...], count: int | None) -> None:
    assert before_recent_gap(row(*numbers), RECENT, forward=True) == count
    forward = before_recent_gap(row(*numbers), RECENT, forward=True)
    backward = before_recent_gap(row(*numbers[:2])[::-1], RECENT, forward=False)
    assert backward == (1 if forward == 1 else None)


def test_newest_first_the_gap_nearest_to_the_start_of_reading_counts() -> None:
    assert before_recent_gap(row(9, 8, 5, 4, 1), RECENT, forward=False) == 2
    assert before_recent_gap(row(1, 4), RECENT, forward=False) is None


def test_the_later_neighbour_says_whether_a_gap_is_recent() -> None:
    old, new = Numbered(NOW - 10_000, 1), Numbered(NOW - 9_999, 3)
    assert before_recent_gap([old, new], RECENT, forward=True) == 1
    assert before_recent_gap([new, old], RECENT, forward=False) == 1
    assert before_recent_gap([Numbered(NOW, 1), Numbered(NOW - 10_000, 3)], RECENT, forward=True) is None


def test_an_old_gap_is_passed_and_a_recent_one_after_it_is_not() -> None:
    assert before_recent_gap([*row(1, 4, ts=0), Numbered(NOW, 6)], RECENT, forward=True) == 2


def test_what_is_not_known_makes_no_gap() -> None:
    assert Numbered(0, None) == UNKNOWN
    assert before_recent_gap([UNKNOWN, Numbered(NOW, 7)], RECENT, forward=True) is None


def test_what_is_not_known_settles_no_gap_before_it() -> None:
    """Neither a message from before numbering, which may be stamped by any clock."""
    gap = row(1, 3)
    for spot in (UNKNOWN, Numbered(NOW - 10_000, None)):
        assert before_recent_gap([*gap, spot], RECENT, forward=True) == 1


def test_no_gap_is_recent_before_a_message_that_is_not() -> None:
    """Numbers are given out one after the other. The first was stamped two years ahead, by who wrote it."""
    ahead = NOW + 2 * YEAR_MS
    row_ahead = [Numbered(0, 0), Numbered(ahead, 5), Numbered(ahead + 1, 6, NOW - 10_000)]
    recent = [*row_ahead, Numbered(ahead + 2, 8, NOW)]
    assert before_recent_gap(row_ahead[:2], RECENT, forward=True) == 1
    assert before_recent_gap(row_ahead, RECENT, forward=True) is None
    assert before_recent_gap(recent, RECENT, forward=True) == 3
    assert before_recent_gap(recent[::-1], RECENT, forward=False) == 1
