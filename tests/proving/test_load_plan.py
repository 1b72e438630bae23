"""What load does and when is fixed by its seed, and what it costs is counted beforehand."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cost import prices
from proving.load.estimate import Estimate, estimate
from proving.load.plan import (
    CEILINGS,
    REPEATED_AFTER_S,
    BadLoad,
    Load,
    number_of,
    schedule,
    text_of,
)

loads = st.builds(
    Load,
    people=st.integers(5, 40),
    rooms=st.integers(1, 5),
    rate=st.floats(0.5, 20),
    seconds=st.floats(2, 20),
    reads=st.floats(0, 10),
    joins=st.floats(0, 5),
    storms=st.integers(0, 3),
    repeats=st.floats(0, 0.5),
    seed=st.integers(0, 2**32),
)


@given(loads)
def test_a_schedule_is_the_seeds_alone_and_in_order(load: Load) -> None:
    moments = schedule(load)
    assert moments == schedule(load)
    assert [each.at for each in moments] == sorted(each.at for each in moments)
    assert moments != schedule(replace(load, seed=load.seed + 1))


@given(loads)
def test_a_schedule_holds_as_many_as_asked_for_within_its_time(load: Load) -> None:
    moments = schedule(load)
    counts = Counter(each.kind for each in moments)
    asked = {"send": load.sends, "repeat": load.repeated, "storm": load.storms}
    asked |= {"read": round(load.reads * load.seconds), "join": round(load.joins * load.seconds)}
    assert counts == Counter({kind: count for kind, count in asked.items() if count})
    assert all(0 <= each.at <= load.seconds for each in moments if each.kind != "repeat")
    assert [each.number for each in moments if each.kind == "send"] == list(range(load.sends))
    assert all(0 <= each.listener < load.people for each in moments)


@given(loads)
def test_a_repeat_is_of_a_send_and_after_it_by_the_same_person(load: Load) -> None:
    sent = {each.number: each for each in schedule(load) if each.kind == "send"}
    repeated = [each for each in schedule(load) if each.kind == "repeat"]
    assert len({each.number for each in repeated}) == len(repeated)
    for each in repeated:
        assert each.listener == sent[each.number].listener
        assert REPEATED_AFTER_S[0] <= each.at - sent[each.number].at <= REPEATED_AFTER_S[1] + 1e-9
    assert not [each for each in schedule(load, is_repeatable=False) if each.kind == "repeat"]


@given(loads, st.integers(3, 20))
def test_everybody_sits_in_a_room_and_is_one_of_its_people(load: Load, identities: int) -> None:
    for listener in range(load.people):
        room = load.room_of(listener)
        assert load.person_of(listener, identities) in load.members(room, identities)
    assert {load.room_of(each) for each in range(load.people)} == set(range(load.rooms))


@pytest.mark.parametrize(
    "wrong",
    [
        *({name: CEILINGS[name] + 1} for name in CEILINGS if hasattr(Load(), name)),
        *({name: 0} for name in ("people", "rooms", "seconds")),
        {"rate": -1}, {"rate": 0}, {"people": 2, "rooms": 3}, {"rate": float("nan")},
        {"rate": 500, "seconds": 3_600}, {"people": 2_000, "rate": 100, "seconds": 200},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_beyond_a_ceiling_is_refused_by_a_sentence(wrong: dict[str, float]) -> None:
    load = replace(Load(), **wrong)  # type: ignore[arg-type]  # what somebody may type
    with pytest.raises(BadLoad, match=r"\.$"):
        load.check()


def test_the_usual_load_is_within_the_ceilings() -> None:
    Load().check()


@given(st.integers(0, 10**6))
def test_a_text_names_its_send_and_no_other_text_does(number: int) -> None:
    assert number_of("run", text_of("run", number)) == number
    assert number_of("other", text_of("run", number)) == -1
    assert {number_of("run", each) for each in (None, "", "load run", "load run x", "load run ²")} == {-1}


ALL = ("create_room", "add_member", "end_room", "send", "history", "after", "subscribe")


def test_an_estimate_counts_every_operation_of_a_run() -> None:
    """Three are asked whether they may. Two rooms of two people each with one other to take in: made, first messages, additions, ends are 2 × 4; 20 sends
    and 2 repeats; 10 pages; 4 joins; a storm of 4; the whole of both rooms."""
    load = Load(people=4, rooms=2, rate=2, seconds=10, reads=1, joins=0.4, storms=1, repeats=0.1)
    found = estimate(load, 3, ALL)
    assert found.operations == 3 + 8 + 22 + 10 + 4 + 4 + (2 + 1)
    assert found.updates == 22 * 2 + 2 * (4 + 4 + 4) + 1
    assert found.minutes == pytest.approx(4 * 70 / 60 + 4 + 4)
    with_position = estimate(load, 3, (*ALL, "position"))
    assert with_position.operations - found.operations == 2 + 8 + 4


def test_an_estimate_is_priced_by_the_one_file_of_prices() -> None:
    found = Estimate(1_000_000, 1_000_000, 1_000_000)
    assert found.dollars == pytest.approx(
        1_000_000 * (prices.OPERATION + prices.UPDATE + prices.CONNECTION_MINUTE)
    )
    assert prices.DATED in str(found)


@given(loads, st.integers(3, 20))
def test_more_of_anything_costs_more(load: Load, identities: int) -> None:
    found = estimate(load, identities, ALL)
    for more in ({"rate": load.rate * 2}, {"people": load.people * 2}, {"storms": load.storms + 1}):
        assert estimate(replace(load, **more), identities, ALL).dollars > found.dollars
