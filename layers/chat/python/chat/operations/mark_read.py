"""Say how far the caller has read, which AppSync then publishes to `onReceipt`."""

from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.rules.arguments import check_flag
from chat.rules.models import Caller
from chat.rules.tally import Tally
from chat.steps.marking import Mark, check_mark, mark


def mark_read(
    deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally
) -> dict[str, Any]:
    """Move the caller's reading to `arguments` (`roomId`, `seq`, `private`); answers the schema's `Receipt`.

    In private it moves what the caller's unread count starts from, and not what others see.
    Raises `InvalidInput`, `NotRoomMember`, `NotAllowed`, `ServiceUnavailable`.
    """
    room, seq = check_mark(arguments)
    if check_flag(arguments, "private"):
        return mark(deployment, caller, Mark(room, seq, ("last_read_seq",), None)).answer
    return mark(deployment, caller, Mark(room, seq, ("last_read_seq", "read_seq"), "read_seq")).answer
