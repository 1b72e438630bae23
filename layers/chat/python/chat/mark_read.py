"""Say how far the caller has read, which AppSync then publishes to `onReceipt`."""

from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.models import Caller
from chat.tally import Tally


def mark_read(
    deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally
) -> dict[str, Any]:
    raise NotImplementedError
