"""End a block."""

from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.rules.arguments import check_user
from chat.rules.direct import direct_room
from chat.rules.models import Caller, Head
from chat.rules.tally import Tally
from chat.steps.blocks import block_place, closing_writes
from chat.steps.retry import until_committed
from chat.storage.places import head_place
from chat.storage.tables import Write


def unblock_user(
    deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally
) -> dict[str, Any]:
    """The schema's `Block`, without an instant, of the person whom `arguments` (`userId`) name, whether they were
    blocked or not. Raises `InvalidInput` and `ServiceUnavailable`."""
    user_id = check_user(arguments)
    gone = Write(block_place(caller.user_id, user_id), delete=True)
    room = direct_room(deployment.direct_key(), caller.user_id, user_id)

    def step() -> dict[str, Any]:
        head = Head.found(deployment.store.tables.get(head_place(room)))
        opening = closing_writes(deployment, room, head, caller.user_id, blocks=False)
        deployment.store.tables.transact([gone, *opening])
        return {"userId": user_id, "blockedAt": None}

    return until_committed(deployment, tally, step)
