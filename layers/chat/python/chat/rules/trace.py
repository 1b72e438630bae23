"""Which trace a call belongs to, by W3C's header, else by X-Ray's, and how that trace goes on."""

import re

TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-((?!0{32})[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?![\s\S])"
)
"""https://www.w3.org/TR/trace-context/#traceparent-header: neither version `ff` nor ids of nothing but zeros."""

_TRACE_ID = re.compile(r"(?!0{32})[0-9a-f]{32}")
_ROOT = re.compile(r"(?:\A|;)Root=1-([0-9a-f]{8})-([0-9a-f]{24})(?:;|\Z)")


def trace_id(traceparent: object, xray: object) -> str | None:
    """The trace's id, 32 hexadecimal digits, from the headers `traceparent` and `X-Amzn-Trace-Id`; `None` where neither
    has one.

    X-Ray's is the same number in another form:
    https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html#xray-api-traceids
    """
    if isinstance(traceparent, str) and (found := TRACEPARENT.fullmatch(traceparent)):
        return found[1]
    if isinstance(xray, str) and (found := _ROOT.search(xray)):
        return found[1] + found[2]
    return None


def stored_trace_id(value: object) -> str | None:
    """What an item says of its trace, if that is an id: 32 hexadecimal digits."""
    return value if isinstance(value, str) and _TRACE_ID.fullmatch(value) else None


def continued(trace_id: str, span_id: str) -> str:
    """The header `traceparent` of a request that goes on with a trace. `span_id`: 16 hexadecimal digits, of the request.

    Its flag says that nothing was recorded by the caller: whether something was is not stored.
    """
    return f"00-{trace_id}-{span_id}-00"
