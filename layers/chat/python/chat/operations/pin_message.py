"""Pin a message, so that everybody in the room finds it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chat.deployment import Deployment
from chat.rules.errors import InvalidInput, NotAllowed
from chat.rules.models import Caller, Message
from chat.rules.tally import Tally
from chat.steps.pinning import check_pinned, commit_pins, pinned_again, read_pin
from chat.steps.pins import MOST_PINS, expired_pins, pin_notice, pin_write, unpin_write
from chat.steps.retry import until_room_is_changed
from chat.storage.items import expiry_of


def pin_message(
    deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally
) -> Message:
    """Pin the message that `arguments` (`roomId`, `id`) name. One that is pinned already stays as it is.

    Raises `InvalidInput`, `NotRoomMember`, `NotAllowed` (also for one that was removed, and beyond `MOST_PINS`), `Muted`,
    `RateLimited` and `ServiceUnavailable`.
    """
    target = check_pinned(arguments)

    def step() -> Message:
        seen = read_pin(deployment, target, caller)
        head, message, item = seen.access.head, seen.message, seen.item
        if message is None or item is None:
            raise InvalidInput("message.notFound", argument="id")
        notice = pin_notice(message.id, message.seq, pinned=True)
        if seen.pin is not None:
            return pinned_again(deployment, target, caller, head, replace(notice, rev=head.rev))
        if message.removed_at is not None:
            raise NotAllowed("message.removed", reason="removed")
        now, gone = deployment.now(), []
        if head.pins >= MOST_PINS:
            gone = [*expired_pins(deployment, target.room, head, now)]
        pins = head.pins - len(gone) + 1
        if pins > MOST_PINS:
            raise NotAllowed("room.tooManyPins", reason="tooManyPins", max=MOST_PINS)
        made = pin_write(target, message, caller.user_id, head.rev + 1, now, expiry_of(item) or 0)
        writes = [made, *map(unpin_write, gone)]
        return commit_pins(deployment, target, caller, seen, notice, pins, writes)

    return until_room_is_changed(deployment, tally, target.room, step)
