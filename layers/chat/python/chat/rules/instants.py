"""Instants: epoch milliseconds inside, `AWSDateTime` on the wire.

https://docs.aws.amazon.com/appsync/latest/devguide/scalars.html
"""

import re
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_AWS_DATE_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.([0-9]{1,9}))?)?)"
    r"(Z|[+-][0-9]{2}:[0-5][0-9](?::[0-5][0-9])?)"
)
_MILLISECOND = timedelta(milliseconds=1)


def to_wire(ms: int) -> str:
    """`2026-01-31T12:00:00.000Z` for epoch milliseconds."""
    return (_EPOCH + ms * _MILLISECOND).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_wire(value: object) -> tuple[int, bool]:
    """`(floor, exact)`: the epoch millisecond in which an AWSDateTime lies, and whether it lies at its very
    start.

    Raises `ValueError` for anything that is not an AWSDateTime. Fractions finer than milliseconds are seen,
    not kept.
    """
    found = _AWS_DATE_TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("not an AWSDateTime")
    local, fraction, offset = found.groups()
    seconds = local.partition(".")[0]
    try:
        whole = datetime.fromisoformat(seconds + ("+00:00" if offset == "Z" else offset)) - _EPOCH
    except (OverflowError, ValueError):
        raise ValueError("not an AWSDateTime") from None
    digits = (fraction or "").ljust(9, "0")
    return whole // _MILLISECOND + int(digits[:3]), not digits[3:].strip("0")
