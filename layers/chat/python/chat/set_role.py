"""Make a member an owner, a moderator or a plain member."""

from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.models import Caller, Message
from chat.tally import Tally


def set_role(deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally) -> Message:
    raise NotImplementedError
