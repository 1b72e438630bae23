"""The decision to go on with a canary or to revert it, fed by alarms' states."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from releases.canary import (
    BLIND_S,
    LONGEST_LOOK_S,
    AlarmState,
    Canary,
    Decision,
    Finish,
    Hold,
    Revert,
    look,
)

START = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
WATCHED = ("slo", "internal-error")
FINE: dict[str, AlarmState] = {"slo": "OK", "internal-error": "OK"}
STATES = st.sampled_from(["OK", "ALARM", "INSUFFICIENT_DATA", None])
Look = tuple[float, dict[str, AlarmState]]
"""Seconds after the look before, and what was seen."""
LOOKS = st.lists(
    st.tuples(
        st.floats(0, 4000),
        st.tuples(STATES, STATES).map(
            lambda pair: {name: state for name, state in zip(WATCHED, pair, strict=True) if state}
        ),
    ),
    max_size=60,
)


def canary(minutes: float = 30, weights: tuple[float, ...] = (0.1, 0.5)) -> Canary:
    return Canary(minutes=minutes, weights=weights)


def run(plan: Canary, looks: list[Look]) -> list[Decision]:
    """The decision at each look, to the first that ends it."""
    now, decisions = START, []
    for gap, states in looks:
        now += timedelta(seconds=gap)
        plan, decision = look(plan, WATCHED, states, now)
        decisions.append(decision)
        if not isinstance(decision, Hold):
            break
    return decisions


def test_it_is_through_after_its_minutes_without_an_alarm_and_widens_on_the_way() -> None:
    decisions = run(canary(), [(60, FINE)] * 31)
    assert decisions == [Hold(0.1)] * 15 + [Hold(0.5)] * 15 + [Finish()]


@pytest.mark.parametrize("name", WATCHED)
def test_any_alarm_reverts_it_at_once_and_is_named(name: str) -> None:
    assert run(canary(), [(60, FINE), (60, {**FINE, name: "ALARM"})])[-1] == Revert(f"In alarm: {name}.")


def test_an_alarm_of_something_else_does_not() -> None:
    assert run(canary(), [(60, {**FINE, "jobs-old": "ALARM"})]) == [Hold(0.1)]


@pytest.mark.parametrize(
    "states", [{}, {"slo": "OK"}, {**FINE, "slo": "INSUFFICIENT_DATA"}], ids=["none", "one", "no data"]
)
def test_without_every_alarm_no_time_counts_and_at_last_it_is_reverted(states: dict[str, AlarmState]) -> None:
    decisions = run(canary(minutes=1), [(60, states)] * 40)
    assert decisions[:-1] == [Hold(0.1)] * (len(decisions) - 1)
    assert len(decisions) == BLIND_S / 60 + 2
    assert isinstance(decisions[-1], Revert)
    assert "Not to be judged for 15 minutes" in decisions[-1].reason


def test_what_passed_while_nobody_looked_does_not_count() -> None:
    """The program was stopped for a day: an alarm may have rung and ended meanwhile."""
    assert run(canary(minutes=10), [(0, FINE), (24 * 3600, FINE)]) == [Hold(0.1)] * 2


def test_a_clock_that_was_set_back_counts_for_nothing() -> None:
    assert run(canary(minutes=1), [(60, FINE), (-3600, FINE), (30, FINE)]) == [Hold(0.1)] * 2 + [Hold(0.5)]


@pytest.mark.parametrize("weights", [(), (0.0,), (1.0,), (0.5, 0.1), (0.1, 0.1)])
def test_weights_rise_within_0_and_1(weights: tuple[float, ...]) -> None:
    with pytest.raises(ValidationError):
        canary(weights=weights)


@given(LOOKS, st.floats(0.1, 60))
def test_whatever_is_seen_it_finishes_only_watched_and_reverts_whenever_an_alarm_rings(
    looks: list[Look], minutes: float
) -> None:
    decisions = run(canary(minutes), looks)
    seen = looks[: len(decisions)]
    for (_, states), decision in zip(seen, decisions, strict=True):
        rings = "ALARM" in states.values()
        assert not rings or isinstance(decision, Revert)
    if decisions and decisions[-1] == Finish():
        whole = sum(min(gap, LONGEST_LOOK_S) for gap, states in seen[1:] if states == FINE)
        assert whole >= minutes * 60 - 1e-3
        assert seen[-1][1] == FINE
    weights = [decision.weight for decision in decisions if isinstance(decision, Hold)]
    assert weights == sorted(weights)


@given(LOOKS)
def test_a_run_that_was_stopped_between_any_two_looks_decides_the_same(looks: list[Look]) -> None:
    """What is kept in the ledger is all that it goes by."""
    now, kept = START, canary().text()
    decisions: list[Decision] = []
    for gap, states in looks:
        now += timedelta(seconds=gap)
        plan, decision = look(Canary.model_validate_json(kept), WATCHED, states, now)
        kept = plan.text()
        decisions.append(decision)
        if not isinstance(decision, Hold):
            break
    assert decisions == run(canary(), looks)
