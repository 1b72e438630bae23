"""AppSync's scalars."""

from typing import Any

import pytest
from graphql import GraphQLError

from simulator.scalars import SCALARS

GOOD: dict[str, list[Any]] = {
    "AWSDateTime": [
        "2026-01-31T23:59:59.123Z",
        "2026-01-31T23:59:59Z",
        "2026-01-31T23:59Z",
        "2026-01-31T23:59:59.123456789+05:30",
        "2026-01-31T23:59:59-08:00:30",
    ],
    "AWSDate": ["2026-02-28", "2024-02-29Z", "2026-01-01+01:00"],
    "AWSTime": ["12:30", "12:30:01.5Z", "12:30:01-07:00"],
    "AWSTimestamp": [0, -5, 1_700_000_000],
    "AWSEmail": ["a.b+c@example.org"],
    "AWSURL": ["https://example.org/a/b?c=d//e", "mqtt://host:1"],
    "AWSPhone": ["+1 555-123-4567", "5551234567", "555 123 4567"],
    "AWSIPAddress": ["1.2.3.4", "1.2.3.4/24", "2001:db8::1", "2001:db8::/32"],
}
BAD: dict[str, list[Any]] = {
    "AWSDateTime": [
        "2026-01-31T23:59:59",
        "2026-01-31",
        "2026-02-30T00:00:00Z",
        "2026-01-31T25:00:00Z",
        "2026-01-31 23:59:59Z",
        "2026-01-31T23:59:59.1234567890Z",
        "2026-01-31T23:59:59+25:00",
        "٢٠٢٦-01-31T23:59:59Z",
        5,
        None,
        True,
    ],
    "AWSDate": ["2026-2-1", "2026-13-01", ""],
    "AWSTime": ["24:00", "12", "12:60"],
    "AWSTimestamp": [1.5, "5", True, 2**60],
    "AWSEmail": ["a", "@b", "a b@c", "a@b@c"],
    "AWSURL": [
        "example.org",
        "https://example.org//b",
        "https://",
        "http://[",
        "http://a b",
        "http://a:b/",
        "http://a:99999/",
    ],
    "AWSPhone": ["call me", "1", "+"],
    "AWSIPAddress": ["1.2.3", "1.2.3.4/33", "fe80::1%eth0", "x", ""],
}


def rows(table: dict[str, list[Any]]) -> list[tuple[str, Any]]:
    return [(name, value) for name, values in table.items() for value in values]


@pytest.mark.parametrize(("name", "value"), rows(GOOD))
def test_a_good_value_passes_unchanged_in_and_out(name: str, value: Any) -> None:
    scalar = SCALARS[name]
    assert (scalar.coerce_input_value(value), scalar.coerce_output_value(value)) == (value, value)


@pytest.mark.parametrize(("name", "value"), rows(BAD))
def test_a_bad_value_is_refused_in_and_out(name: str, value: Any) -> None:
    for coerce in (SCALARS[name].coerce_input_value, SCALARS[name].coerce_output_value):
        with pytest.raises(GraphQLError):
            coerce(value)


OTHER_ZEROS = "\u0660\u06f0\u0966\uff10\U0001d7ce"
"""The zeros of Arabic, Persian, Devanagari, full width and bold digits."""
WITH_DIGITS = ("AWSDateTime", "AWSDate", "AWSTime", "AWSPhone", "AWSIPAddress")


@pytest.mark.parametrize("zero", OTHER_ZEROS)
@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name in WITH_DIGITS for value in GOOD[name]]
    + [("AWSURL", "https://example.org:8080/")],
)
def test_a_digit_of_another_script_is_refused_wherever_it_stands(name: str, value: str, zero: str) -> None:
    for at, digit in enumerate(value):
        if digit.isdigit():
            other = value[:at] + chr(ord(zero) + int(digit)) + value[at + 1 :]
            for coerce in (SCALARS[name].coerce_input_value, SCALARS[name].coerce_output_value):
                with pytest.raises(GraphQLError):
                    coerce(other)


@pytest.mark.parametrize("text", ["\u0663", "[1\u0663]", '{"a":\uff11}', "1.\u0665"])
def test_a_number_in_awsjson_has_ascii_digits(text: str) -> None:
    with pytest.raises(GraphQLError):
        SCALARS["AWSJSON"].coerce_input_value(text)


def test_awsjson_comes_in_parsed_and_only_as_text() -> None:
    scalar = SCALARS["AWSJSON"]
    assert scalar.coerce_input_value('{"a":[1]}') == {"a": [1]}
    for value in ({"a": 1}, "{", "NaN"):
        with pytest.raises(GraphQLError):
            scalar.coerce_input_value(value)
