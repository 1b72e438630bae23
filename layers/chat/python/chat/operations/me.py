"""Say what somebody needs to know of themself to hear what happens to them."""

from typing import Any

from chat.deployment import Deployment
from chat.rules.models import Caller
from chat.steps.own_item import read_epoch


def me(deployment: Deployment, caller: Caller) -> dict[str, Any]:
    """The schema's `Me` of the caller. Raises `ServiceUnavailable`."""
    return {"userId": caller.user_id, "epoch": read_epoch(deployment, caller.user_id)}
