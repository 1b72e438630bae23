"""End somebody's own subscriptions: whatever runs under the epoch before hears nothing any more."""

from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import ADMIN
from chat.rules.arguments import check_user
from chat.rules.errors import NotAllowed
from chat.rules.models import Caller
from chat.rules.tally import Tally
from chat.steps.own_item import epoch_write, own_of, own_place
from chat.steps.retry import until_committed
from chat.storage.aws import ConditionFailed


def revoke_subscriptions(
    deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally
) -> dict[str, Any]:
    """The schema's `Me` of the person whom `arguments` (`userId`) name, or of the caller, with the epoch that begins.
    Administrators may do it to anybody.

    Raises `InvalidInput`, `NotAllowed` (`other`), `RateLimited` and `ServiceUnavailable`.
    """
    user_id = caller.user_id if arguments.get("userId") is None else check_user(arguments)
    if user_id != caller.user_id and ADMIN not in caller.roles:
        raise NotAllowed("mine.other", reason="other")
    tables = deployment.store.tables

    def step() -> dict[str, Any] | None:
        own = own_of(tables.get(own_place(user_id)))
        write = epoch_write(user_id, own, tables.generation, deployment.now())
        try:
            tables.update(write)
        except ConditionFailed:
            return None
        return {"userId": user_id, "epoch": write.set["epoch"]}

    return until_committed(deployment, tally, step)
