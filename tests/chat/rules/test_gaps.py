"""No page reads past a recent gap in the numbers, in either order; an old gap is passed."""

import pytest

from chat.rules.gaps import RECENT_MS, UNKNOWN, Numbered, before_recent_gap, is_recent

NOW = 1_800_000_000_000


def row(*numbers: int | None, ts: int = NOW) -> list[Numbered]:
    return [Numbered(ts, number) for number in numbers]


def test_what_happened_within_ten_seconds_is_recent() -> None:
    assert RECENT_MS == 10_000
    assert is_recent(NOW, NOW)
    assert is_recent(NOW - 9_999, NOW)
    assert not is_recent(NOW - 10_000, NOW)
    assert is_recent(NOW + 1, NOW)  # by a clock that is ahead


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
    assert before_recent_gap(row(*numbers), NOW, forward=True) == count
    forward = before_recent_gap(row(*numbers), NOW, forward=True)
    backward = before_recent_gap(row(*numbers[:2])[::-1], NOW, forward=False)
    assert backward == (1 if forward == 1 else None)


def test_newest_first_the_gap_nearest_to_the_start_of_reading_counts() -> None:
    assert before_recent_gap(row(9, 8, 5, 4, 1), NOW, forward=False) == 2
    assert before_recent_gap(row(1, 4), NOW, forward=False) is None


def test_the_later_neighbour_says_whether_a_gap_is_recent() -> None:
    old, new = Numbered(NOW - 10_000, 1), Numbered(NOW - 9_999, 3)
    assert before_recent_gap([old, new], NOW, forward=True) == 1
    assert before_recent_gap([new, old], NOW, forward=False) == 1
    assert before_recent_gap([Numbered(NOW, 1), Numbered(NOW - 10_000, 3)], NOW, forward=True) is None


def test_an_old_gap_is_passed_and_a_recent_one_after_it_is_not() -> None:
    assert before_recent_gap([*row(1, 4, ts=0), Numbered(NOW, 6)], NOW, forward=True) == 2


def test_what_is_not_known_makes_no_gap() -> None:
    assert Numbered(0, None) == UNKNOWN
    assert before_recent_gap([UNKNOWN, Numbered(NOW, 7)], NOW, forward=True) is None
