"""Judge a subscription to a room's events, when the client starts it. AppSync never asks again."""

from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import enter_room
from chat.rules.arguments import is_whole
from chat.rules.errors import InvalidInput, StaleEpoch
from chat.rules.models import Caller
from chat.rules.rooms import Room
from chat.steps.retry import retried


def authorize_subscription(
    deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], *, allow_unfenced: bool
) -> None:
    """Accept a subscription to `arguments` (`roomId`, `epoch`) by answering nothing.

    The epoch fences it: AppSync compares it with each event's, and it moves when somebody loses access. With
    `allow_unfenced` a subscription without epoch is accepted, and can then not be ended from here.
    Raises `InvalidInput`, `NotRoomMember`, `NotAllowed`, `StaleEpoch`, `ServiceUnavailable`.
    """
    room = Room.parse(arguments.get("roomId"))
    epoch = arguments.get("epoch")
    if epoch is not None and not is_whole(epoch):
        raise InvalidInput("subscribe.epoch", argument="epoch")
    view = retried(deployment, lambda: deployment.store.fenced_view(room, caller.user_id, deployment.recency))
    head = enter_room(view, caller, "subscribe").head
    # One look may see a membership beside a head from before it, whose epoch is not for whoever came after it.
    current = max(head.epoch, view.member.joined_epoch if view.member else 0)
    if epoch is None and not allow_unfenced:
        raise StaleEpoch(current, missing=True)
    if epoch is not None and epoch != current:
        raise StaleEpoch(current)
