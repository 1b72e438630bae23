"""A ledger's hours add up, and its percentiles are those of the
samples, rounded up to the buckets' bounds."""

from fractions import Fraction
from math import ceil

import hypothesis.strategies as st
from hypothesis import given

from chat.steps.ledger import BOUNDS, LONGEST_MS, Deliveries, bucket, total_of
from chat.storage.items import values

SAMPLES = st.lists(st.integers(0, LONGEST_MS), max_size=200)


def nearest_rank(samples: list[int], percent: int) -> int:
    """The smallest sample that at least `percent` of all do not exceed."""
    return sorted(samples)[max(1, ceil(Fraction(percent * len(samples), 100))) - 1]


def hour(samples: list[int], **counts: int) -> dict[str, dict[str, str]]:
    within: dict[str, int] = {}
    for each in samples:
        within[f"h{bucket(each)}"] = within.get(f"h{bucket(each)}", 0) + 1
    return values(
        {"PK": "LEDGER#x", "SK": "HOUR#1", "type": "Deliveries", "expiresAt": 9, **counts, **within}
    )


@given(hours=st.lists(SAMPLES, max_size=5), percent=st.integers(1, 100))
def test_a_percentile_lies_in_its_bucket(hours: list[list[int]], percent: int) -> None:
    total = total_of(hour(samples) for samples in hours)
    together = [each for samples in hours for each in samples]
    if not together:
        assert total.percentile(percent) is None
    else:
        exact = nearest_rank(together, percent)
        assert total.percentile(percent) == min(bound for bound in BOUNDS if bound >= exact)


@given(hours=st.lists(st.tuples(st.integers(0, 1_000), st.integers(0, 1_000)), max_size=5))
def test_due_and_delivered_add_up(hours: list[tuple[int, int]]) -> None:
    total = total_of(hour([], due=due, delivered=delivered) for due, delivered in hours)
    assert total.due == sum(due for due, _ in hours)
    assert total.delivered == sum(delivered for _, delivered in hours)


@given(confirm_ms=st.integers(0, LONGEST_MS))
def test_a_bucket_reaches_from_the_bound_before_up_to_its_own(confirm_ms: int) -> None:
    bound = bucket(confirm_ms)
    assert confirm_ms <= bound
    assert [each for each in BOUNDS if confirm_ms <= each < bound] == []


def test_the_objective_is_a_percentage_of_what_was_due() -> None:
    assert Deliveries(due=1_000, delivered=999).percent == 99.9
    assert Deliveries(due=3, delivered=2).percent == 66.6667
    assert Deliveries().percent is None


def test_buckets_of_an_earlier_version_still_count() -> None:
    total = total_of([values({"h123": 3, "h50": 1, "hours": 5})])
    assert total.within == {123: 3, 50: 1}
    assert total.percentile(99) == 123
