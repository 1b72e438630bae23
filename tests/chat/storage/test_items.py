"""A message in an item: what another service wrote into one that was adopted is none of the chat's."""

from typing import Any

import pytest

from chat.rules.models import Message
from chat.rules.rooms import Room
from chat.storage.items import to_message

ROOM = Room.parse("lobby")
UUID7 = "0199a1b2-c3d4-7000-8000-000000000001"


def message(**attributes: Any) -> Message:
    item: dict[str, Any] = {
        name: {"S": name} for name in ("PK", "SK", "id", "senderId", "roomType", "adoptedFrom")
    }
    return to_message(ROOM, item | {"ts": {"N": "7"}, "seq": {"N": "1"}} | attributes)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("replyTo", {"S": "m-1"}),
        ("replyTo", {"N": "7"}),
        ("replyTo", {"M": {}}),
        ("mentions", {"L": [{"S": "bob"}]}),
        ("mentions", {"SS": ["bob"]}),
        ("mentions", {"S": "bob"}),
        ("mentions", {"S": "[]"}),
        ("mentionsAll", {"BOOL": True}),
        ("mentionsAll", {"N": "0"}),
        ("erased", {"BOOL": True}),
        ("erased", {"N": "0"}),
        ("quote", {"S": "so he said"}),
        ("quote", {"M": {}}),
    ],
)
def test_anothers_attributes_say_nothing(name: str, value: dict[str, Any]) -> None:
    assert message(**{name: value}) == message()


def test_ours_do() -> None:
    found = message(
        replyTo={"S": UUID7}, mentions={"S": '["bob"]'}, mentionsAll={"N": "1"}, erased={"N": "1"}
    )
    assert (found.reply_to, found.mentions, found.mentions_all) == (UUID7, '["bob"]', 1)
    assert found.erased == 1
