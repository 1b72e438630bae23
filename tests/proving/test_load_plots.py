"""The numbers beside and below the plots are round, few enough, and within what is shown."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proving.load.measures import Measures
from proving.load.plots import NARROW, WIDE, bars, decades, over_time, round_steps, round_values


@given(st.floats(0.001, 1e9), st.integers(1, 20))
def test_steps_are_round_begin_with_0_and_end_before_what_is_shown_does(most: float, count: int) -> None:
    found = round_steps(most, count)
    assert found[0] == 0
    assert len(found) <= count + 1
    assert found[-1] <= most * (1 + 1e-6)
    assert all(re.fullmatch(r"[125]", f"{each:.6e}"[0]) for each in found[1:2])


@given(st.floats(0.001, 1e6), st.floats(1.1, 1e6), st.integers(2, 12))
def test_values_of_a_logarithmic_scale_lie_on_it(low: float, factor: float, count: int) -> None:
    found = round_values(low, low * factor, count)
    assert found == sorted(found)
    assert 2 <= len(found) <= max(count, 2) or factor > 1_000
    assert all(low <= each <= low * factor for each in found)


@given(st.floats(0.001, 1e6), st.floats(1, 1e6))
def test_decades_are_around_what_is_shown(low: float, factor: float) -> None:
    found = decades(low, low * factor)
    assert found[0] <= low * (1 + 1e-9)
    assert found[-1] >= low * factor * (1 - 1e-9)
    assert len(found) >= 2


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("latencies", [[0.0], [1e-6], [0.004, 0.0041], [0.000_2, 90.0]])
def test_all_that_is_drawn_lies_within_the_picture(width: int, latencies: list[float]) -> None:
    measures = Measures()
    for second, latency in enumerate(latencies):
        for kind in ("live", "send"):
            measures.record(kind, second + 0.9, second + 0.9 + latency)
    for picture in (over_time(measures, len(latencies) - 0.5, [0.5], width), bars(measures, width)):
        for place in re.findall(r' x1?="([-\d.]+)"', picture):
            assert 0 <= float(place) <= width
        for x, y in re.findall(r"([-\d.]+),([-\d.]+)[ \"]", "".join(re.findall(r'points="[^"]*"', picture))):
            assert 0 <= float(x) <= width
            assert 0 <= float(y) <= 312


def test_where_nothing_was_measured_nothing_is_drawn() -> None:
    assert (over_time(Measures(), 5, [], WIDE), bars(Measures(), WIDE)) == ("", "")
