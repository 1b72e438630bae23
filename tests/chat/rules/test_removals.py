"""What a head keeps of removed messages is a plain set of numbers, cut at its window."""

import hypothesis.strategies as st
from hypothesis import given

from chat.rules.removals import WINDOW, Removals

NUMBERS = st.lists(
    st.one_of(st.integers(1, 40), st.integers(1, 3 * WINDOW), st.integers(1, 10**9)), max_size=60
)


def after(numbers: list[int]) -> Removals:
    """As a room's head goes through them, from text to text."""
    text: str | None = None
    for seq in numbers:
        text = str(Removals.parse(text).added(seq))
    return Removals.parse(text)


@given(NUMBERS, st.integers(0, 4 * WINDOW))
def test_it_counts_what_a_set_of_the_last_numbers_would(numbers: list[int], above: int) -> None:
    kept = after(numbers)
    highest = max(numbers, default=0)
    within = {seq for seq in numbers if seq > highest - WINDOW}
    assert kept.highest == highest
    assert kept.below == max((seq for seq in numbers if seq not in within), default=0)
    assert kept.above(above) == sum(seq > above for seq in within)
    assert all(seq >= kept.oldest for seq in within)
    assert kept.below < kept.oldest


@given(NUMBERS)
def test_it_is_short_whatever_was_removed(numbers: list[int]) -> None:
    assert len(str(after(numbers))) <= 10 + 1 + 10 + 1 + WINDOW // 4


def test_removing_one_twice_counts_once() -> None:
    assert after([5, 5, 3, 5]).above(0) == 2


def test_its_form_is_the_same_in_every_version() -> None:
    assert str(after([3, 5, 6])) == "0.6.b"
    assert str(after([3, 5, 6 + WINDOW])) == f"5.{6 + WINDOW}.1"
    assert Removals.parse("5.518.1") == after([3, 5, 6 + WINDOW])


def test_512_numbers_are_kept_and_of_older_ones_the_highest() -> None:
    kept = after([600])
    assert (kept, kept.oldest) == (Removals(0, 600, 1), 89)
    assert kept.added(89) == Removals(0, 600, 1 << 511 | 1)
    assert kept.added(88) == Removals(88, 600, 1)
    assert kept.added(88).added(87) == Removals(88, 600, 1)
    assert after([1, 512]) == Removals(0, 512, 1 << 511 | 1)
    assert after([1, 513]) == Removals(1, 513, 1)
    assert after([1, 2, 513]) == Removals(1, 513, 1 << 511 | 1)
    assert after([1, 2, 514]).above(0) == 1
