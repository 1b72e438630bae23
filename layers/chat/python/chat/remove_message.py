"""Take a message's text away, which AppSync then publishes to `onMessage`."""

from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.models import Caller, Message
from chat.tally import Tally


def remove_message(
    deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally
) -> Message:
    raise NotImplementedError
