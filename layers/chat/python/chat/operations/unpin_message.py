"""Unpin a message."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chat.deployment import Deployment
from chat.rules.models import Caller, Message
from chat.rules.tally import Tally
from chat.steps.pinning import check_pinned, commit_pins, pinned_again, read_pin
from chat.steps.pins import pin_notice, unpin_write
from chat.steps.retry import until_room_is_changed


def unpin_message(
    deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally
) -> Message:
    """Unpin the message that `arguments` (`roomId`, `id`) name, also one that has expired. One that is not pinned stays
    as it is.

    Raises `InvalidInput`, `NotRoomMember`, `NotAllowed`, `Muted`, `RateLimited` and `ServiceUnavailable`.
    """
    target = check_pinned(arguments)

    def step() -> Message:
        seen = read_pin(deployment, target, caller)
        head, pin = seen.access.head, seen.pin
        seq = pin.seq if pin else seen.message.seq if seen.message else None
        notice = pin_notice(str(arguments["id"]), seq, pinned=False)
        if pin is None:
            return pinned_again(deployment, target, caller, head, replace(notice, rev=head.rev))
        pins = max(0, head.pins - 1)
        return commit_pins(deployment, target, caller, seen, notice, pins, [unpin_write(target)])

    return until_room_is_changed(deployment, tally, target.room, step)
