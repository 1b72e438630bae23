"""Instants on the wire are AWSDateTime: https://docs.aws.amazon.com/appsync/latest/devguide/scalars.html."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.rules.instants import from_wire, to_wire

NOON = 1_769_860_800_000
YEAR_1, YEAR_9999_ENDS = -62_135_596_800_000, 253_402_300_799_999

READ = {
    "2026-01-31T12:00:00.000Z": (NOON, True),
    "2026-01-31T12:00:00Z": (NOON, True),
    "2026-01-31T12:00Z": (NOON, True),
    "2026-01-31T12:00:00.5Z": (NOON + 500, True),
    "2026-01-31T12:00:00.123Z": (NOON + 123, True),
    "2026-01-31T12:00:00.123000000Z": (NOON + 123, True),
    "2026-01-31T12:00:00.123000001Z": (NOON + 123, False),
    "2026-01-31T12:00:00.1239Z": (NOON + 123, False),
    "2026-01-31T12:00:00.999999999Z": (NOON + 999, False),
    "2026-01-31T12:00:00+00:00": (NOON, True),
    "2026-01-31T12:00:00-00:00": (NOON, True),
    "2026-01-31T14:30:00+02:30": (NOON, True),
    "2026-01-31T04:00:00-08:00": (NOON, True),
    "2026-01-31T12:00:30+00:00:30": (NOON, True),
    "2026-01-31T11:59:30-00:00:30": (NOON, True),
    "2024-02-29T00:00:00Z": (1_709_164_800_000, True),
    "1970-01-01T00:00:00Z": (0, True),
    "1969-12-31T23:59:59.999Z": (-1, True),
    "1969-12-31T23:59:59.9999Z": (-1, False),
    "0001-01-01T00:00:00Z": (YEAR_1, True),
    "0001-01-01T00:00:00+14:00": (YEAR_1 - 14 * 3_600_000, True),
    "9999-12-31T23:59:59.999Z": (YEAR_9999_ENDS, True),
    "9999-12-31T23:59:59.999-14:00": (YEAR_9999_ENDS + 14 * 3_600_000, True),
}
GARBAGE: list[object] = [
    None, 7, 1.5, True, [], {}, b"2026-01-31T12:00:00Z", "", " ", "yesterday", "2026", "2026-01-31",
    "2026-01-31T12:00:00", "2026-01-31 12:00:00Z", "2026-01-31t12:00:00z", "20260131T120000Z",
    "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "2026-01-31T24:00:01Z", "2026-01-31T12:60:00Z",
    "2026-01-31T12:00:60Z", "0000-01-01T00:00:00Z", "12026-01-31T12:00:00Z", "-2026-01-31T12:00:00Z",
    "2026-01-31T12:00:00.Z", "2026-01-31T12:00:00.0000000000Z", "2026-01-31T12:00:00,5Z",
    "2026-01-31T12:00:00+24:00", "2026-01-31T12:00:00+0200", "2026-01-31T12:00:00+02", "2026-01-31T12:00:00 Z",
    "2026-01-31T12:00:00Z\n", "\n2026-01-31T12:00:00Z", "2026-01-31T12:00:00ZZ", "2026-W05-6T12:00:00Z",
    "2026-01-31T12:00:00.١٢٣Z", "２０２６-01-31T12:00:00Z", "2026-01-31T12:00:00\u221201:00",
    "2026-01-31T12:00.5Z",  # nanoseconds need their seconds
    "2026-01-31T12:00:00+00:00:60", "\ud800",
]  # fmt: skip


@pytest.mark.parametrize(("text", "instant"), READ.items())
def test_every_form_of_awsdatetime_is_read(text: str, instant: tuple[int, bool]) -> None:
    assert from_wire(text) == instant


@pytest.mark.parametrize("value", GARBAGE, ids=repr)
def test_what_is_no_awsdatetime_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="not an AWSDateTime"):
        from_wire(value)


@pytest.mark.parametrize("zero", "\u0660\u0966\uff10\U0001d7ce")
@pytest.mark.parametrize("text", READ)
def test_a_digit_of_another_script_is_refused_wherever_it_stands(text: str, zero: str) -> None:
    for at, digit in enumerate(text):
        if digit.isdigit():
            with pytest.raises(ValueError, match="not an AWSDateTime"):
                from_wire(text[:at] + chr(ord(zero) + int(digit)) + text[at + 1 :])


def test_instants_are_written_with_milliseconds_and_z() -> None:
    assert to_wire(NOON) == "2026-01-31T12:00:00.000Z"
    assert to_wire(NOON + 7) == "2026-01-31T12:00:00.007Z"
    assert to_wire(0) == "1970-01-01T00:00:00.000Z"


@given(st.integers(YEAR_1, YEAR_9999_ENDS))
def test_what_was_written_is_read_back(ms: int) -> None:
    assert from_wire(to_wire(ms)) == (ms, True)


@given(st.integers(YEAR_1, YEAR_9999_ENDS), st.integers(YEAR_1, YEAR_9999_ENDS))
def test_what_is_written_sorts_by_time(one: int, other: int) -> None:
    assert (to_wire(one) < to_wire(other)) == (one < other)


@given(st.text(st.sampled_from("0123456789-:.TZ+"), max_size=40) | st.text(max_size=40))
def test_garbage_is_never_anything_but_a_value_error(text: str) -> None:
    try:
        from_wire(text)
    except ValueError:
        return
