"""Say that the caller's client is there, and what it has."""

from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.models import Caller
from chat.tally import Tally


def heartbeat(
    deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally
) -> dict[str, Any]:
    raise NotImplementedError
