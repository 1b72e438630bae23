"""Say that the caller is writing, which AppSync then publishes to `onTyping`. Nothing is stored."""

from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import check_writable, open_room
from chat.rules.errors import RateLimited
from chat.rules.instants import to_wire
from chat.rules.models import Caller
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.retry import retried

TYPING_ENDS_MS = 6_000
EVERY_S = 2.0
"""One event of one person in one room; each process counts for itself, since nothing is stored."""


def typing(
    deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally
) -> dict[str, Any]:
    """Say it in the room of `arguments` (`roomId`); answers the schema's `Typing`.

    Only who may send may say so. The look may be a moment old: it costs one read unit, and what it lets
    through ends by itself. Raises `InvalidInput`, `NotRoomMember`, `NotAllowed`, `Muted`, `RateLimited`,
    `ServiceUnavailable`.
    """
    room = Room.parse(arguments.get("roomId"))
    key, typists, started = (
        (room.partition_key, caller.user_id),
        deployment.memory.typists,
        deployment.monotonic(),
    )
    if typists.get(key, started - EVERY_S):
        raise RateLimited(round(EVERY_S * 1_000), "person")
    view = retried(deployment, lambda: deployment.store.view(room, caller.user_id, consistent=False))
    access = open_room(view, "send")
    now = deployment.now()
    check_writable(access, now)
    typists.put(key, True, deployment.monotonic())
    return {
        "roomId": room.id,
        "epoch": access.head.epoch,
        "userId": caller.user_id,
        "expiresAt": to_wire(now + TYPING_ENDS_MS),
    }
