"""Block somebody: they add the caller to no room any more, and neither writes in their direct room."""

from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.rules.arguments import check_user
from chat.rules.direct import direct_room
from chat.rules.errors import NotAllowed
from chat.rules.instants import to_wire
from chat.rules.models import Caller, Head
from chat.rules.tally import Tally
from chat.steps.blocks import Block, block_place, closing_writes
from chat.steps.person_marks import is_being_erased, still_not_erased
from chat.steps.quota import NO_QUOTA, Quota, charge_blocking, check_blocking, quota_place
from chat.steps.retry import until_committed
from chat.storage.places import head_place, tombstone_place
from chat.storage.tables import Write


def block_user(
    deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally
) -> dict[str, Any]:
    """The schema's `Block` of the person whom `arguments` (`userId`) name. Who is blocked already stays so.

    Other rooms that both are in stay as they are. Raises `InvalidInput`, `NotAllowed` (oneself), `RateLimited` and
    `ServiceUnavailable`.
    """
    user_id = check_user(arguments)
    if user_id == caller.user_id:
        raise NotAllowed("room.self", reason="self")
    place, quota_at = block_place(caller.user_id, user_id), quota_place(caller.user_id)
    room = direct_room(deployment.direct_key(), caller.user_id, user_id)
    head_at = head_place(room)

    def step() -> dict[str, Any]:
        places = [place, quota_at, head_at, tombstone_place(caller.user_id)]
        found = deployment.store.tables.batch(places, consistent=True)
        block, quota, now = (
            Block.found(found.get(place)),
            Quota.found(found.get(quota_at)) or NO_QUOTA,
            deployment.now(),
        )
        if block is None:
            if is_being_erased(found, caller.user_id):
                raise NotAllowed("privacy.erasing", reason="erasing")
            block = Block(blocked_at=now)
            check_blocking(quota, now)
            made = {"type": "Block", "blockedAt": now}
            new = Write(place, condition="attribute_not_exists(PK)", set=made, whole=True)
            charge = charge_blocking(caller.user_id, quota, now)
            head = Head.found(found.get(head_at))
            closing = closing_writes(deployment, room, head, caller.user_id, blocks=True)
            looks = [still_not_erased(found, caller.user_id)]
            deployment.store.tables.transact([new, charge, *closing, *looks])
        return {"userId": user_id, "blockedAt": to_wire(block.blocked_at)}

    return until_committed(deployment, tally, step)
