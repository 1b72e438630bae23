"""The limit in one number lets through what a count over time would."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.rules.rate import Rate

rates = st.builds(
    Rate, per_second=st.sampled_from([1 / 3, 0.5, 1.0, 2.0, 50.0, 1_000.0]), burst=st.integers(1, 20)
)
gaps = st.lists(st.integers(0, 2_000_000) | st.integers(0, 5_000), max_size=80)


class Bucket:
    """A naive bucket of microsecond tokens, filled step by step: what GCRA says in one number."""

    def __init__(self, rate: Rate, now: int) -> None:
        self.capacity = rate.step * rate.burst
        self.step, self.level, self.at = rate.step, self.capacity, now

    def take(self, now: int) -> bool:
        self.level = min(self.capacity, self.level + now - self.at)
        self.at = now
        if self.level < self.step:
            return False
        self.level -= self.step
        return True


@given(rates, gaps)
def test_it_decides_as_a_bucket_of_tokens_does(rate: Rate, waits: list[int]) -> None:
    start = 1_769_860_800_000_000
    bucket, tat = Bucket(rate, start), 0
    for now in itertools.accumulate(waits, initial=start):
        let_through = rate.wait(tat, now) == 0
        assert let_through == bucket.take(now)
        if let_through:
            tat = rate.taken(tat, now)


@given(rates, st.integers(0, 10**9), st.integers(0, 10**9))
def test_after_the_wait_it_lets_through_and_a_microsecond_earlier_it_does_not(
    rate: Rate, tat: int, now: int
) -> None:
    wait = rate.wait(tat, now)
    assert rate.wait(tat, now + wait) == 0
    if wait:
        assert rate.wait(tat, now + wait - 1) == 1


@given(rates)
def test_a_burst_goes_through_at_once_and_the_next_waits_one_step(rate: Rate) -> None:
    tat = 0
    for _ in range(rate.burst):
        assert rate.wait(tat, 10**15) == 0
        tat = rate.taken(tat, 10**15)
    assert rate.wait(tat, 10**15) == rate.step


@given(rates, st.integers(0, 10**9), st.integers(0, 10**9))
def test_an_update_writes_what_taking_says(rate: Rate, tat: int, now: int) -> None:
    """Wherever a message is let through."""
    charge = rate.charge(tat, now)
    if rate.wait(tat, now) == 0:
        assert rate.taken(tat, now) == (tat + charge.step if charge.step else charge.value)


@given(rates, rates, gaps)
def test_faster_limits_let_through_at_once_what_slower_ones_held_back(
    one: Rate, other: Rate, waits: list[int]
) -> None:
    """Nobody waits longer than one step of the limits that hold now; and
    what is let through counts by them."""
    tat = 0
    instants = list(itertools.accumulate(waits, initial=1_769_860_800_000_000))
    for instant in instants:
        if one.wait(tat, instant) == 0:
            tat = one.taken(tat, instant)
    now = instants[-1]
    assert other.wait(tat, now) <= other.step
    if other.wait(tat, now) == 0:
        tat = other.taken(tat, now)
        assert tat <= other.reach(now)
        assert other.wait(tat, now) <= other.step


@pytest.mark.parametrize(
    ("per_second", "step"), [(1.0, 1_000_000), (1_000.0, 1_000), (1 / 3, 3_000_000), (10**9, 1)]
)
def test_a_step_is_whole_microseconds(per_second: float, step: int) -> None:
    assert Rate(per_second, 1).step == step


def test_without_a_burst_nothing_is_let_through_early() -> None:
    rate = Rate(1.0, 1)
    assert rate.tolerance == 0
    assert rate.wait(rate.taken(0, 5), 5) == rate.step


def test_a_clock_that_is_up_to_three_seconds_ahead_is_waited_for_and_no_other() -> None:
    rate, now = Rate(1.0, 5), 10**15
    for lead in (-60_000_000, 0, 3_000_000):
        assert rate.seen(now + 2_000_000, now + lead, now) == (now + 2_000_000, max(now, now + lead))
    ahead = now + 3_000_001
    assert rate.seen(ahead + 2_000_000, ahead, now) == (now + 2_000_000, now)
    assert rate.seen(ahead + 9_000_000, ahead, now) == (now + 4_000_000, now), "one message is left"
