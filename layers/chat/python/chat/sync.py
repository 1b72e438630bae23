"""What changed in all of the caller's rooms."""

from collections.abc import Mapping
from typing import Any

from chat.cursor import CursorKeys
from chat.deployment import Deployment
from chat.models import Caller
from chat.tally import Tally


def sync(
    deployment: Deployment,
    cursor_keys: CursorKeys,
    caller: Caller,
    arguments: Mapping[str, Any],
    tally: Tally,
) -> dict[str, Any]:
    raise NotImplementedError
