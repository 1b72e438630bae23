"""A breaker opens after failures in a row, and one request decides whether it closes."""

from gateway.breaker import Breaker


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_it_opens_after_failures_in_a_row_and_lets_one_try() -> None:
    clock = Clock()
    breaker = Breaker(failures=3, pause=1.0, now=clock, chance=lambda: 1.0)
    for _ in range(2):
        breaker.failed()
    breaker.succeeded()
    for _ in range(3):
        assert breaker.allows()
        breaker.failed()
    assert not breaker.allows()
    clock.seconds = 1.0
    assert breaker.allows()
    assert not breaker.allows(), "one tries, the others wait for it"
    breaker.succeeded()
    assert breaker.allows()


def test_each_failed_try_waits_for_longer_up_to_a_limit() -> None:
    clock = Clock()
    breaker = Breaker(failures=1, pause=1.0, longest=3.0, now=clock, chance=lambda: 1.0)
    waits = []
    for _ in range(4):
        breaker.failed()
        start = clock.seconds
        while not breaker.allows():
            clock.seconds += 0.5
        waits.append(clock.seconds - start)
    assert waits == [1.0, 2.0, 3.0, 3.0]


def test_what_was_underway_when_it_opened_does_not_make_it_wait_for_longer() -> None:
    clock = Clock()
    breaker = Breaker(failures=2, pause=1.0, now=clock, chance=lambda: 1.0)
    for _ in range(5_000):
        breaker.failed()
    clock.seconds = 1.0
    assert breaker.allows()


def test_a_try_whose_outcome_nobody_waited_for_is_left_to_the_next() -> None:
    clock = Clock()
    breaker = Breaker(failures=1, pause=1.0, now=clock, chance=lambda: 1.0)
    breaker.failed()
    clock.seconds = 1.0
    assert breaker.allows()
    breaker.abandoned()
    assert breaker.allows()


def test_its_state_has_a_name() -> None:
    clock = Clock()
    breaker = Breaker(failures=1, pause=1.0, now=clock, chance=lambda: 1.0)
    states = [breaker.state]
    breaker.failed()
    states.append(breaker.state)
    clock.seconds = 2.0
    states.append(breaker.state)
    assert states == ["closed", "open", "half-open"]
