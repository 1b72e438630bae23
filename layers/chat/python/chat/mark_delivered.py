"""Say how far the caller's client has every message, which AppSync then publishes to `onReceipt`."""

from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.models import Caller
from chat.tally import Tally


def mark_delivered(
    deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally
) -> dict[str, Any]:
    raise NotImplementedError
