"""Judge a subscription to what happens in a room, when the client starts it. AppSync never asks again."""

from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.rules.models import Caller
from chat.steps.subscription import authorize_subscription


def on_message(
    deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], *, allow_unfenced: bool = False
) -> None:
    """Accept a subscription to `arguments` (`roomId`, `epoch`) by answering nothing.

    Raises `InvalidInput`, `NotRoomMember`, `NotAllowed`, `StaleEpoch`, `ServiceUnavailable`.
    """
    authorize_subscription(deployment, caller, arguments, allow_unfenced=allow_unfenced)
