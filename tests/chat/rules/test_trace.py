"""Which trace a call belongs to."""

import re

import hypothesis
import hypothesis.strategies as st
import pytest

from chat.rules.trace import continued, stored_trace_id, trace_id

W3C, ID = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "0af7651916cd43dd8448eb211c80319c"
XRAY = "Root=1-67891233-abcdef012345678912345678"


@pytest.mark.parametrize(
    ("traceparent", "xray", "expected"),
    [
        (W3C, None, ID),
        (W3C, XRAY, ID),
        (None, XRAY, "67891233abcdef012345678912345678"),
        (
            None,
            f"Self=1-67891233-12456789abcdef012345678;{XRAY};Sampled=1",
            "67891233abcdef012345678912345678",
        ),
        ("a trace", XRAY, "67891233abcdef012345678912345678"),
        ("ff" + W3C[2:], None, None),
        (W3C + "\n", None, None),
        (W3C.replace(ID, "0" * 32), None, None),
        (W3C.upper(), None, None),
        (None, "Root=1-67891233-abcdef01234567891234567", None),
        (None, f"x{XRAY}", None),
        (7, ["Root"], None),
    ],
)
def test_w3cs_header_goes_before_xrays(traceparent: object, xray: object, expected: str | None) -> None:
    assert trace_id(traceparent, xray) == expected


@hypothesis.given(st.text() | st.none(), st.text() | st.from_regex(r".?Root=1-.*"))
def test_nothing_else_passes_for_an_id(traceparent: str | None, xray: str) -> None:
    """So no log line holds what somebody put into a header."""
    found = trace_id(traceparent, xray)
    assert found is None or re.fullmatch("[0-9a-f]{32}", found)


@pytest.mark.parametrize("value", [None, "", "0" * 32, "A" * 32, "a" * 31, "a" * 33, "a" * 32 + "\n", 7])
def test_an_item_may_say_anything_and_only_an_id_is_one(value: object) -> None:
    assert stored_trace_id(value) is None


def test_a_trace_goes_on_under_its_own_id() -> None:
    stored = stored_trace_id("0af7651916cd43dd8448eb211c80319c")
    assert stored is not None
    assert trace_id(continued(stored, "b7ad6b7169203331"), None) == stored
