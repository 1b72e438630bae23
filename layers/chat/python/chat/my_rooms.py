"""The caller's rooms, with last messages and unread counts."""

from collections.abc import Mapping
from typing import Any

from chat.cursor import CursorKeys
from chat.deployment import Deployment
from chat.models import Caller
from chat.tally import Tally


def my_rooms(
    deployment: Deployment,
    cursor_keys: CursorKeys,
    caller: Caller,
    arguments: Mapping[str, Any],
    tally: Tally,
) -> dict[str, Any]:
    raise NotImplementedError
