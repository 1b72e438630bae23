"""Which trace a call belongs to: by W3C's header, else by X-Ray's."""

import re

TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-((?!0{32})[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?![\s\S])"
)
"""https://www.w3.org/TR/trace-context/#traceparent-header: neither version `ff` nor ids of nothing but zeros."""

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
