"""Who of a room's members is there."""

from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.models import Caller
from chat.tally import Tally


def presence(
    deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally
) -> dict[str, Any]:
    raise NotImplementedError
