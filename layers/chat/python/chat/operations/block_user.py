"""Block somebody: they add the caller to no room any more."""

from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.rules.arguments import check_user
from chat.rules.errors import NotAllowed
from chat.rules.instants import to_wire
from chat.rules.models import Caller
from chat.rules.tally import Tally
from chat.steps.blocks import Block, block_place
from chat.steps.quota import NO_QUOTA, Quota, charge_blocking, check_blocking, quota_place
from chat.steps.retry import until_committed
from chat.storage.tables import Write


def block_user(
    deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally
) -> dict[str, Any]:
    """The schema's `Block` of the person whom `arguments` (`userId`) name. Who is blocked already stays so.

    Rooms that both are in stay as they are. Raises `InvalidInput`, `NotAllowed` (oneself), `RateLimited` and
    `ServiceUnavailable`.
    """
    user_id = check_user(arguments)
    if user_id == caller.user_id:
        raise NotAllowed("room.self", reason="self")
    place, quota_at = block_place(caller.user_id, user_id), quota_place(caller.user_id)

    def step() -> dict[str, Any]:
        found = deployment.store.tables.batch([place, quota_at], consistent=True)
        block, quota, now = (
            Block.found(found.get(place)),
            Quota.found(found.get(quota_at)) or NO_QUOTA,
            deployment.now(),
        )
        if block is None:
            block = Block(blocked_at=now)
            check_blocking(quota, now)
            made = {"type": "Block", "blockedAt": now}
            new = Write(place, condition="attribute_not_exists(PK)", set=made, whole=True)
            deployment.store.tables.transact([new, charge_blocking(caller.user_id, quota, now)])
        return {"userId": user_id, "blockedAt": to_wire(block.blocked_at)}

    return until_committed(deployment, tally, step)
