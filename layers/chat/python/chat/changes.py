"""What happened in a room since a head that was read before."""

from collections.abc import Mapping
from typing import Any

from chat.cursor import CursorKeys
from chat.deployment import Deployment
from chat.models import Caller
from chat.tally import Tally


def changes(
    deployment: Deployment,
    cursor_keys: CursorKeys,
    caller: Caller,
    arguments: Mapping[str, Any],
    tally: Tally,
) -> dict[str, Any]:
    raise NotImplementedError
