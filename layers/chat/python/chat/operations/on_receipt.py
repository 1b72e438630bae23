"""Judge a subscription to a room's receipts, when the client starts it. AppSync never asks again."""

from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.rules.models import Caller
from chat.steps.subscription import authorize_subscription


def on_receipt(
    deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], *, allow_unfenced: bool = False
) -> None:
    """Accept a subscription to `arguments` (`roomId`, `epoch`) by answering nothing, as `on_message` does."""
    authorize_subscription(deployment, caller, arguments, allow_unfenced=allow_unfenced)
