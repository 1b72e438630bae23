"""Schedules: the same for a seed, readable as printed, and minimised to what matters."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proving.chaos.faults import KINDS, MOST_MS, BadSchedule, Fault, as_text, minimise, read, schedule

faults = st.sampled_from(sorted(KINDS)).flatmap(
    lambda channel: st.builds(
        Fault,
        person=st.integers(0, 5),
        channel=st.just(channel),
        number=st.integers(1, 999),
        kind=st.sampled_from(KINDS[channel]),
        ms=st.integers(1, MOST_MS),
    )
)


@given(st.integers(), st.integers(1, 4), st.integers(0, 40), st.floats(0, 1))
def test_a_seed_gives_the_same_schedule_which_reads_as_it_is_printed(
    seed: int, people: int, passages: int, share: float
) -> None:
    made = schedule(seed, people, passages, share)
    assert made == schedule(seed, people, passages, share)
    assert read(as_text(made)) == tuple(sorted(made))
    assert len({(each.person, each.channel, each.number) for each in made}) == len(made)


def test_a_share_is_about_what_it_says_and_every_kind_is_among_it() -> None:
    made = schedule(1, 3, 500, 0.4)
    assert 0.35 < len(made) / (3 * len(KINDS) * 500) < 0.45
    assert {(each.channel, each.kind) for each in made} == {
        (c, k) for c, kinds in KINDS.items() for k in kinds
    }


@pytest.mark.parametrize(
    "text", ["x", "0/send/3:late", "0/call/3:late=5", "0/send/3:explode=5", "-1/send/1:cut=1"]
)
def test_what_is_no_schedule_is_refused(text: str) -> None:
    with pytest.raises(BadSchedule):
        read(text)


@given(st.lists(faults, unique=True, min_size=1, max_size=40), st.data())
async def test_what_is_left_fails_and_nothing_of_it_can_be_left_out(
    given_faults: list[Fault], data: st.DataObject
) -> None:
    """A round that fails where all of some faults are met."""
    needed = set(data.draw(st.lists(st.sampled_from(given_faults), unique=True, max_size=4)))

    async def fails(tried: Sequence[Fault]) -> bool:
        return needed <= set(tried)

    assert set(await minimise(given_faults, fails, 10_000)) == needed


@given(st.lists(faults, unique=True, min_size=1, max_size=20), st.integers(0, 10))
async def test_no_more_rounds_are_made_than_allowed_and_the_rest_still_fails(
    given_faults: list[Fault], trials: int
) -> None:
    made = 0

    async def fails(tried: Sequence[Fault]) -> bool:
        nonlocal made
        made += 1
        return given_faults[0] in tried

    assert given_faults[0] in await minimise(given_faults, fails, trials)
    assert made <= trials
