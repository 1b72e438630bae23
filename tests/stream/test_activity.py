"""A scan of a whole table meets items of others and broken ones, and goes on."""

from typing import Any

import pytest

from stream.activity import revision


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"SK": {"S": "MSG#1#a"}, "sentRev": {"N": "7"}}, 7),
        ({"SK": {"S": "EVT#0000000000000012"}}, 12),
        ({"SK": {"S": "CHG#000000000012"}}, 12),
        ({"SK": {"S": "MSG#1#a"}, "sentRev": {"N": "7.5"}}, None),
        ({"SK": {"S": "MSG#1#a"}, "sentRev": {"S": "seven"}}, None),
        ({"SK": {"S": "MSG#1#a"}, "sentRev": {"NULL": True}}, None),
        ({"SK": {"S": "EVT#latest"}}, None),
        ({"SK": {"S": "EVT#"}}, None),
        ({"SK": {"S": "EVT#٣"}}, None),
    ],
)
def test_what_cannot_be_read_tells_no_revision(item: dict[str, Any], expected: int | None) -> None:
    assert revision(item) == expected
