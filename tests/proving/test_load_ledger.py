"""The ledger: of any run of a sound chat nothing is wrong, and each thing that goes wrong is counted for who met it."""

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proving.load.ledger import Ledger, Stored, Verdict

SENDS, LISTENERS = 12, 3
seeds = st.integers(0, 2**32)
Whole = list[Stored]


def run(seed: int, *, keep: Callable[[int, int], bool] = lambda _, __: True) -> tuple[Ledger, Whole]:
    """One room of a sound chat, whose sends overlap, and are stored in an order that their times allow; what comes live
    comes in any order. `keep`: which sends each listener is told live."""
    chance = random.Random(seed)  # noqa: S311  repeatable on purpose
    repeated = chance.sample(range(SENDS), 2)
    ledger = Ledger([0] * SENDS, repeated, [0] * LISTENERS)
    begun = [10.0 * number + chance.uniform(0, 3) for number in range(SENDS)]
    answered = [each + chance.uniform(1, 25) for each in begun]
    stored = [chance.uniform(*each) for each in zip(begun, answered, strict=True)]
    whole = [Stored(number, f"id {number}") for number in sorted(range(SENDS), key=stored.__getitem__)]
    events: list[tuple[float, int, int]] = []
    for number in range(SENDS):
        events += [(begun[number], -2, number), (answered[number], -1, number)]
        for listener in range(LISTENERS):
            copies = 2 if number in repeated else 1
            if keep(listener, number):
                events += [(stored[number] + chance.uniform(0, 40), listener, number) for _ in range(copies)]
    for at, who, number in sorted(events):
        match who:
            case -2:
                ledger.begin(number, at)
            case -1:
                ledger.acknowledge(number, f"id {number}", at)
            case _:
                ledger.hear(who, Stored(number, f"id {number}"))
    return ledger, whole


@given(seeds)
def test_of_a_sound_chat_nothing_is_wrong_in_whatever_order_it_is_told(seed: int) -> None:
    ledger, whole = run(seed)
    verdicts = ledger.judge([whole])
    assert all(each.is_right for each in verdicts)
    assert [each.live for each in verdicts] == [SENDS] * LISTENERS
    assert ledger.open == 0


@given(seeds, st.sets(st.tuples(st.integers(0, LISTENERS - 1), st.integers(0, SENDS - 1))))
def test_what_was_not_told_is_missing_until_it_is_read(seed: int, untold: set[tuple[int, int]]) -> None:
    ledger, whole = run(seed, keep=lambda listener, number: (listener, number) not in untold)
    assert ledger.open == len(untold)
    for each in ledger.judge([whole]):
        assert each.lost == len(ledger.missing(each.listener))
    for listener in range(LISTENERS):
        mine = {number for who, number in untold if who == listener}
        assert ledger.missing(listener) == mine
        assert set(ledger.read(listener, whole)) == mine
        assert ledger.read(listener, whole) == []
    assert ledger.open == 0
    verdicts = ledger.judge([whole])
    assert all(each.is_right for each in verdicts)
    assert sum(each.repaired for each in verdicts) == len(untold)


def judged(seed: int, spoil: Callable[[Ledger, Whole], Whole]) -> list[Verdict]:
    ledger, whole = run(seed)
    return ledger.judge([spoil(ledger, whole)])


def stored_twice(_: Ledger, whole: Whole) -> Whole:
    return [*whole, Stored(whole[0].number, "another id")]


def told_twice(ledger: Ledger, whole: Whole) -> Whole:
    """Once more than it was sent."""
    for _ in range(3):
        ledger.hear(1, whole[4])
    return whole


def told_under_an_id_that_nobody_stored(ledger: Ledger, whole: Whole) -> Whole:
    ledger.hear(1, Stored(whole[4].number, "no such id"))
    return whole


@pytest.mark.parametrize(
    "spoil", [stored_twice, told_twice, told_under_an_id_that_nobody_stored], ids=lambda each: each.__name__
)
@given(seed=seeds)
def test_what_is_there_twice_is_counted(spoil: Callable[[Ledger, Whole], Whole], seed: int) -> None:
    verdicts = judged(seed, spoil)
    assert sum(each.twice for each in verdicts) > 0
    assert {(each.lost, each.disorder) for each in verdicts} == {(0, 0)}
    if spoil is not stored_twice:
        assert [each.twice > 0 for each in verdicts] == [False, True, False]


@given(seeds)
def test_what_is_not_stored_is_lost_to_everybody_who_heard_it(seed: int) -> None:
    verdicts = judged(seed, lambda _, whole: whole[:3] + whole[4:])
    assert {(each.lost, each.twice, each.disorder) for each in verdicts} == {(1, 0, 0)}


@given(seeds)
def test_an_order_against_the_sends_times_is_disorder(seed: int) -> None:
    """The first is acknowledged before the last begins."""
    verdicts = judged(seed, lambda _, whole: [*whole[1:], whole[0]])
    assert {(each.lost, each.twice) for each in verdicts} == {(0, 0)}
    assert all(each.disorder >= 1 for each in verdicts)


@given(seeds)
def test_who_reads_in_another_order_than_the_rooms_meets_disorder(seed: int) -> None:
    ledger, whole = run(seed)
    ledger.read(2, whole[::-1])
    assert [each.disorder for each in ledger.judge([whole])] == [0, 0, SENDS - 1]


@given(seeds)
def test_who_reads_on_to_a_second_copy_meets_what_is_twice_and_no_disorder(seed: int) -> None:
    ledger, whole = run(seed)
    whole.append(Stored(whole[0].number, "another id"))
    ledger.read(2, whole[3:])
    assert {(each.twice, each.disorder) for each in ledger.judge([whole])} == {(1, 0)}


def test_live_events_that_overtake_are_told_and_nothing_is_wrong() -> None:
    ledger = Ledger([0, 0], [], [0])
    for number in (0, 1):
        ledger.begin(number, 10.0 * number)
        ledger.acknowledge(number, str(number), 10.0 * number + 5)
    assert [ledger.hear(0, Stored(each, str(each))) for each in (1, 0)] == [True, True]
    (verdict,) = ledger.judge([[Stored(0, "0"), Stored(1, "1")]])
    assert (verdict.overtaken, verdict.is_right) == (1, True)


def test_what_nobody_acknowledged_may_be_there_or_not() -> None:
    ledger = Ledger([0, 0], [], [0])
    ledger.begin(0, 1.0)
    ledger.begin(1, 1.0)
    assert all(each.is_right for each in ledger.judge([[Stored(1, "b")]]))
    assert ledger.open == 0


def test_messages_of_other_rooms_and_of_no_send_count_for_nobody() -> None:
    ledger = Ledger([0, 1], [], [0, 1])
    for number in (0, 1):
        ledger.begin(number, 1.0)
        ledger.acknowledge(number, str(number), 2.0)
    assert not ledger.hear(0, Stored(1, "1"))
    assert not ledger.hear(0, Stored(7, "7"))
    assert ledger.read(0, [Stored(-1, "first"), Stored(1, "1")]) == []
    assert [ledger.missing(each) for each in (0, 1)] == [{0}, {1}]
    assert ledger.open == 2
