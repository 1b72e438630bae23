"""Stretches of recorded calls that alarms have to tell apart, and an answer by the minute of what is on."""

from collections.abc import Callable

from tests.terraform.recorded import Span, Timeline

HOUR, DAY = 60, 24 * 60

TIMELINES = {
    "a failed call in a night with few": Timeline(
        (Span(6 * HOUR, {"sound": 0.1}), Span(1, {"throttled": 1}), Span(2 * HOUR, {"sound": 0.1}))
    ),
    "nine failed calls in a night with few": Timeline(
        (Span(3 * DAY, {"sound": 0.1}), Span(9, {"denied": 1}), Span(2 * HOUR, {}))
    ),
    "ten minutes without a store": Timeline(
        (Span(DAY, {"sound": 60}), Span(10, {"throttled": 60}), Span(2 * HOUR, {"sound": 60}))
    ),
    "no store where few are there": Timeline((Span(DAY, {"sound": 1}), Span(2 * HOUR, {"throttled": 1}))),
    "one call in a hundred": Timeline(
        (Span(DAY, {"sound": 60}), Span(8 * HOUR, {"sound": 59.4, "denied": 0.6}))
    ),
    "one call in five hundred": Timeline(
        (Span(3 * DAY, {"sound": 60}), Span(2 * DAY, {"sound": 59.88, "denied": 0.12}))
    ),
    "four calls in five are slow": Timeline(
        (Span(DAY, {"sound": 60}), Span(2 * HOUR, {"sound": 12, "slow": 48}), Span(HOUR, {"sound": 60}))
    ),
    "a tenth of the calls is slow": Timeline(
        (Span(3 * DAY, {"sound": 60}), Span(3 * DAY, {"sound": 54, "slow": 6}))
    ),
    "a twentieth of what is sent does not arrive": Timeline(
        (Span(DAY, {"delivered": 100}), Span(2 * HOUR, {"delivered": 95, "undelivered": 5}))
    ),
    "one client in a tunnel": Timeline(
        (Span(DAY, {"delivered": 1}), Span(30, {"delivered": 0.9, "undelivered": 0.1}), Span(DAY, {"delivered": 1}))
    ),
}  # fmt: skip


def first(holds: Callable[[int], bool], begin: int, end: int) -> int | None:
    """The first minute from `begin` on, and before `end`, of which this holds."""
    return next((minute for minute in range(begin, end) if holds(minute)), None)
