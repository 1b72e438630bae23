"""Who is woken, and when, by the windows, burn rates and floors of `terraform/objectives.json`, on what functions counted.

Each timeline is looked at minute by minute, as CloudWatch's sliding windows are."""

import itertools

import hypothesis
import hypothesis.strategies as st
import pytest

from tests.terraform.burn_rates import BUDGETS, RULES, in_alarm, notes, wakes, window_of
from tests.terraform.recorded import Span, Timeline
from tests.terraform.timelines import DAY, HOUR, TIMELINES, first

KINDS = sorted(BUDGETS)
AWS_LONGEST_S, AWS_LONGEST_OF_SHORT_S = 604_800, 86_400


def is_woken(kind: str, timeline: Timeline, minute: int) -> bool:
    return wakes(in_alarm(kind, window_of(kind, timeline, minute)))


def is_noted(kind: str, timeline: Timeline, minute: int) -> bool:
    return notes(in_alarm(kind, window_of(kind, timeline, minute)))


def woken(kind: str, name: str, begin: int = 1) -> int | None:
    """The minute in which somebody is woken."""
    timeline = TIMELINES[name]
    return first(lambda minute: is_woken(kind, timeline, minute), begin, timeline.minutes + 1)


def noted(kind: str, name: str) -> int | None:
    """The ten minutes in which the slow burn is told of."""
    timeline = TIMELINES[name]
    return first(lambda step: is_noted(kind, timeline, 10 * step), 1, timeline.minutes // 10 + 1)


@pytest.mark.parametrize(
    "name", ["a failed call in a night with few", "nine failed calls in a night with few"]
)
def test_a_few_failures_in_a_quiet_night_wake_nobody(name: str) -> None:
    assert [(woken(kind, name), noted(kind, name)) for kind in KINDS] == [(None, None)] * len(KINDS)


@hypothesis.given(
    failures=st.lists(st.integers(0, 3 * DAY - 1), max_size=RULES["least_failed"] - 1),
    rate=st.floats(0, 5),
    ends=st.lists(st.integers(1, 3 * DAY), min_size=1, max_size=5),
)
def test_fewer_failures_than_the_floor_ring_nobody_however_few_the_calls(
    failures: list[int], rate: float, ends: list[int]
) -> None:
    spans, before = [], 0
    for minute in sorted(set(failures)):
        spans += [Span(minute - before, {"sound": rate}), Span(1, {"denied": failures.count(minute)})]
        before = minute + 1
    timeline = Timeline((*spans, Span(max(0, 3 * DAY - before), {"sound": rate})))
    assert not any(is_woken("answered", timeline, end) or is_noted("answered", timeline, end) for end in ends)


def test_an_outage_wakes_within_a_minute_and_is_over_half_an_hour_after_its_end() -> None:
    name = "ten minutes without a store"
    assert woken("answered", name) == DAY + 1
    timeline = TIMELINES[name]
    over = first(lambda minute: not is_woken("answered", timeline, minute), DAY + 1, timeline.minutes)
    assert over == DAY + 10 + 30


def test_an_outage_where_few_are_there_wakes_when_ten_calls_have_failed() -> None:
    assert woken("answered", "no store where few are there") == DAY + RULES["least_failed"]


def test_one_call_in_a_hundred_wakes_by_the_slower_burn_rate() -> None:
    minute = woken("answered", "one call in a hundred")
    assert minute is not None
    assert minute == pytest.approx(DAY + 0.6 * 6 * HOUR, abs=1)
    alarms = in_alarm("answered", window_of("answered", TIMELINES["one call in a hundred"], minute))
    assert alarms == {"6h", "30m", "3d"}


def test_one_call_in_five_hundred_wakes_nobody_and_is_told_of_within_two_days() -> None:
    name = "one call in five hundred"
    assert woken("answered", name) is None
    step = noted("answered", name)
    assert step is not None
    assert 10 * step == pytest.approx(3 * DAY + 1.5 * DAY, abs=10)


def test_most_calls_slow_wake_and_a_tenth_is_told_of() -> None:
    minute = woken("latency", "four calls in five are slow")
    assert minute is not None
    assert DAY < minute <= DAY + HOUR
    assert woken("latency", "a tenth of the calls is slow") is None
    assert noted("latency", "a tenth of the calls is slow") is not None


def test_slow_calls_are_answered_and_failed_ones_may_be_fast() -> None:
    assert woken("answered", "four calls in five are slow") is None
    assert woken("latency", "one call in a hundred") is None


def test_a_twentieth_that_does_not_arrive_wakes_and_one_client_does_not() -> None:
    minute = woken("delivery", "a twentieth of what is sent does not arrive")
    assert minute is not None
    assert DAY < minute <= DAY + HOUR
    assert woken("delivery", "one client in a tunnel") is None


def test_windows_are_such_as_an_alarm_may_have() -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"""
    for seconds in RULES["windows"].values():
        assert seconds % 60 == 0
        assert seconds <= (AWS_LONGEST_S if seconds >= 3600 else AWS_LONGEST_OF_SHORT_S)
    used = itertools.chain(*((rate["over"], rate["and"]) for rate in RULES["burn_rates"]))
    assert {name for name in used if name} == set(RULES["windows"])


def test_burn_rates_use_up_the_shares_of_the_budget_that_they_stand_for() -> None:
    """2 % in an hour, 5 % in six, 10 % in three days: https://sre.google/workbook/alerting-on-slos/"""
    month = RULES["budget_days"] * 86_400
    assert [
        round(100 * rate["times"] * RULES["windows"][rate["over"]] / month, 3) for rate in RULES["burn_rates"]
    ] == [2, 5, 10]
