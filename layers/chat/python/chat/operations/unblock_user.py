"""End a block."""

from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.rules.arguments import check_user
from chat.rules.models import Caller
from chat.rules.tally import Tally
from chat.steps.blocks import block_place
from chat.steps.retry import retried
from chat.storage.tables import Write


def unblock_user(
    deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally
) -> dict[str, Any]:
    """The schema's `Block`, without an instant, of the person whom `arguments` (`userId`) name, whether they were
    blocked or not. Raises `InvalidInput` and `ServiceUnavailable`."""
    user_id = check_user(arguments)
    gone = Write(block_place(caller.user_id, user_id), delete=True)
    with tally.timing("StoreMs"):
        retried(deployment, lambda: deployment.store.tables.transact([gone]))
    return {"userId": user_id, "blockedAt": None}
