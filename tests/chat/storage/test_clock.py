"""What answers of the store say of the own clock, and how little of it is believed."""

import time

import pytest

from chat.storage.clock import StoreClock, date_ms, wall_clock
from tests.guarantees.support.fixtures import DAY_MS, Clock

NOON = 1_800_000_000_000
DATES = [f"Fri, 15 Jan 2027 08:{minute:02d}:{second:02d} GMT" for minute in range(60) for second in range(60)]
"""From `NOON` on, a second each."""


class Store:
    """A store whose clock is right, and a process whose clock is wrong by `skew` ms."""

    def __init__(self, skew: int = 0) -> None:
        self.time, self.own = Clock(NOON), Clock(NOON + skew)
        self.clock = StoreClock(3_000, self.own.now, self.own.monotonic)

    def passes(self, ms: int, *, frozen: bool = False) -> None:
        self.time.jump(ms)
        self.own.jump(ms)
        self.own.seconds += 0 if frozen else ms / 1_000

    def ask(self, takes: int = 0, *, says_at_end: bool = True) -> None:
        self.clock.asked()
        date = DATES[(self.time.ms - NOON) // 1_000]
        self.passes(takes)
        self.clock.answered(DATES[(self.time.ms - NOON) // 1_000] if says_at_end else date)


@pytest.mark.parametrize(
    ("date", "ms"),
    [
        (DATES[0], NOON),
        ("Thu, 26 Nov 2026 18:37:37 GMT", 1_795_718_257_000),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Sat, 29 Feb 2028 23:59:59 GMT", 1_835_481_599_000),
        ("Thursday, 26-Nov-26 18:37:37 GMT", None),
        ("Thu Nov 26 18:37:37 2026", None),
        ("Thu, 26 Nov 2026 18:37:37 CET", None),
        ("Thu, 31 Nov 2026 18:37:37 GMT", None),
        ("Thu, 26 Noc 2026 18:37:37 GMT", None),
        ("", None),
    ],
)
def test_a_date_is_read_in_the_one_form_that_is_written(date: str, ms: int | None) -> None:
    assert date_ms(date) == ms


def test_the_wall_clock_counts_milliseconds_of_the_epoch() -> None:
    before = time.time_ns() // 1_000_000
    assert before <= wall_clock() <= time.time_ns() // 1_000_000


def test_before_the_first_answer_nothing_is_doubted() -> None:
    store = Store(skew=DAY_MS)
    assert not store.clock.in_doubt()
    assert store.clock.now() == store.own.ms


@pytest.mark.parametrize("date", [None, "yesterday"])
def test_a_store_that_does_not_say_its_time_leaves_no_doubt(date: str | None) -> None:
    store = Store(skew=DAY_MS)
    store.clock.asked()
    store.clock.answered(date)
    assert not store.clock.in_doubt()


def test_an_answer_to_nothing_that_was_asked_says_nothing() -> None:
    store = Store(skew=DAY_MS)
    store.clock.answered(DATES[0])
    assert not store.clock.in_doubt()


@pytest.mark.parametrize("skew", [-4_000, -3_000, 0, 3_000, 4_000])
def test_a_clock_is_doubted_where_it_is_surely_too_far_away(skew: int) -> None:
    """The date has whole seconds: up to a second more may pass unnoticed, and within the limit nothing is doubted."""
    found = set()
    for phase in range(0, 1_000, 111):
        store = Store(skew)
        store.passes(phase)
        store.ask()
        found.add(store.clock.in_doubt())
    assert found == {False} if abs(skew) <= 3_000 else True in found
    beyond = Store(5_001 if skew > 0 else -5_001)
    beyond.ask()
    assert beyond.clock.in_doubt()


@pytest.mark.parametrize("skew", [-2 * 365 * DAY_MS, -DAY_MS, -11_000, 11_000, 60_000, 3_600_000, DAY_MS])
def test_in_doubt_the_time_is_the_stores(skew: int) -> None:
    store = Store(skew)
    store.passes(499)
    store.ask()
    assert store.clock.in_doubt()
    assert abs(store.clock.now() - store.time.ms) <= 1_000
    store.passes(90_000)
    assert abs(store.clock.now() - store.time.ms) <= 1_000
    store.own.jump(-skew)  # somebody has set it right
    assert not store.clock.in_doubt()
    assert store.clock.now() == store.own.ms


@pytest.mark.parametrize("skew", [-3_000, 0, 3_000])
@pytest.mark.parametrize("says_at_end", [True, False])
def test_a_slow_answer_is_no_reason_for_doubt(skew: int, says_at_end: bool) -> None:
    store = Store(skew)
    for _ in range(3):
        store.ask(takes=9_000, says_at_end=says_at_end)
        assert not store.clock.in_doubt()


def test_a_clock_that_is_set_while_the_process_runs_is_doubted_at_once() -> None:
    store = Store()
    store.ask()
    store.ask()
    store.own.jump(60_000)
    assert store.clock.in_doubt()
    store.own.jump(-60_000)
    assert not store.clock.in_doubt()


@pytest.mark.parametrize("frozen_ms", [500, 5_000, 900_000])
def test_a_process_that_was_frozen_is_not_doubted_after_its_first_answer(frozen_ms: int) -> None:
    """Its monotonic clock may have stood still."""
    store = Store()
    store.ask()
    store.ask()
    store.passes(frozen_ms, frozen=True)
    for _ in range(3):
        store.ask()
        assert not store.clock.in_doubt()


def test_one_answer_that_was_held_up_on_its_way_changes_nothing() -> None:
    """A server that writes the same date for ten seconds."""
    store = Store()
    store.ask()
    store.passes(10_000)
    store.clock.asked()
    store.clock.answered(DATES[0])
    assert not store.clock.in_doubt()
    store.ask()
    assert not store.clock.in_doubt()


def asked_once(skew: int, **settings: int) -> tuple[StoreClock, Clock]:
    """A clock that has had one answer, at once and as a second of the store's began, and the process's own; the
    process has run for an hour and a half."""
    own = Clock(NOON + skew)
    own.seconds = 5_000.0
    clock = StoreClock(**settings, now=own.now, monotonic=own.monotonic)
    clock.asked()
    clock.answered(DATES[0])
    return clock, own


@pytest.mark.parametrize(
    ("skew", "doubted"), [(-3_001, True), (-3_000, False), (4_000, False), (4_001, True)]
)
def test_three_seconds_are_allowed_and_one_more_ahead_which_the_date_may_lack(
    skew: int, doubted: bool
) -> None:
    assert asked_once(skew)[0].in_doubt() is doubted
    stricter = skew + (1_000 if skew < 0 else -1_000)
    assert asked_once(stricter, max_skew_ms=2_000)[0].in_doubt() is doubted


def test_in_doubt_the_time_is_the_middle_of_what_the_last_answer_leaves_open() -> None:
    clock, own = asked_once(DAY_MS)
    own.sleep(10)
    assert clock.now() == NOON + 10_000 + 500
    clock.asked()
    own.sleep(4)  # on its way back
    clock.answered(DATES[10])
    own.sleep(1)
    assert clock.now() == NOON + 15_000 - 4_000 // 2 + 500


def test_a_process_whose_clocks_all_stood_still_is_doubted_once_two_answers_say_so() -> None:
    store = Store()
    store.ask()
    store.ask()
    store.time.jump(10_000)
    store.ask()
    assert not store.clock.in_doubt()
    store.ask()
    assert store.clock.in_doubt()
