"""A tally counts what a call did."""

import time

import pytest

from chat.rules.tally import Tally


def test_counts_add_up() -> None:
    tally = Tally()
    tally.add("Attempts")
    tally.add("Attempts", 2)
    assert tally == {"Attempts": 3}


def test_a_duration_is_added_even_when_the_work_fails() -> None:
    tally = Tally()
    with pytest.raises(ValueError, match="no number"), tally.timing("StoreMs"):
        int("no number")
    assert tally["StoreMs"] >= 0


def test_a_duration_is_no_longer_than_what_is_around_it() -> None:
    tally = Tally()
    start = time.perf_counter()
    with tally.timing("StoreMs"):
        pass
    assert tally["StoreMs"] <= (time.perf_counter() - start) * 1_000
