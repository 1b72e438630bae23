"""Single messages by their ids."""

from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.rules.models import Caller
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.retry import deadline_of
from chat.steps.visible_messages import check_ids, read_visible


def messages_by_id(
    deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally
) -> list[dict[str, Any]]:
    """The schema's `Message`s that `arguments` (`roomId`, `ids`) name, in that order and each once; what is gone or
    not to be seen is left out.

    Raises `InvalidInput`, `NotRoomMember`, `NotAllowed` (not adopted yet) and `ServiceUnavailable`.
    """
    room, ids = Room.parse(arguments.get("roomId")), check_ids(arguments)
    with tally.timing("StoreMs"):
        found = read_visible(deployment, room, caller, ids, deadline_of(deployment))
    tally.add("PageSize", len(found.messages))
    return [message.to_wire() for message in found.messages.values()]
