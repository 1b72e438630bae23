"""Keep somebody out of a room, which ends the room's epoch."""

from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.models import Caller, Message
from chat.tally import Tally


def ban_member(deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally) -> Message:
    raise NotImplementedError
