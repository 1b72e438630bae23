"""The histogram tells each value within 1/128 of itself, and as many as were recorded."""

import math
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from proving.load.histogram import WIDTH, Histogram, bounds, index_of
from proving.load.measures import Measures

values = st.integers(0, 10**9)


@given(values)
def test_a_value_is_in_its_bucket_and_the_bucket_is_narrow(value: int) -> None:
    low, high = bounds(index_of(value))
    assert low <= value <= high
    assert high - low <= low / WIDTH


def test_buckets_follow_each_other_without_a_gap() -> None:
    assert all(bounds(index)[1] + 1 == bounds(index + 1)[0] for index in range(3_000))


def of(microseconds: list[int]) -> Histogram:
    found = Histogram()
    for each in microseconds:
        found.record(each / 1_000_000)
    return found


@given(st.lists(values, min_size=1), st.floats(0.1, 100))
def test_a_percentile_is_that_of_the_sorted_values(given_: list[int], percent: float) -> None:
    exact = sorted(given_)[max(1, math.ceil(len(given_) * percent / 100)) - 1]
    found = of(given_).percentile(percent)
    assert found is not None
    assert exact <= found <= exact * (1 + 1 / WIDTH)


@given(st.lists(values), st.lists(values))
def test_two_merged_are_as_all_recorded_in_one(one: list[int], other: list[int]) -> None:
    merged = of(one)
    merged.merge(of(other))
    assert merged == of(one + other)
    assert merged.count == sum(count for _, _, count in merged.buckets())
    assert all(earlier[1] < later[0] for earlier, later in pairwise(merged.buckets()))


@given(st.lists(values, min_size=1))
def test_the_largest_is_exact_and_percentiles_rise(given_: list[int]) -> None:
    summary = [each or 0.0 for each in of(given_).summary_ms().values()]
    assert summary[-1] == max(given_) / 1_000
    assert summary == sorted(summary)


def test_nothing_has_no_percentile_and_what_is_negative_is_none() -> None:
    assert set(Histogram().summary_ms().values()) == {None}
    assert of([-5]).most == 0


def test_what_is_late_counts_for_the_second_in_which_it_was_meant() -> None:
    measures = Measures()
    measures.record("live", 1.5, 1.6)
    measures.record("live", 1.9, 9.9)
    assert [second for second, _ in measures.series("live", 50)] == [1]
    assert measures.series("live", 100) == [(1, 8_000.0)]
    assert measures.recent("live", 2).count == 2
    assert measures.recent("live", 9).count == 0
