"""Lift a legal hold."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chat.deployment import Deployment
from chat.rules.errors import InvalidInput
from chat.rules.holds import may_hold
from chat.rules.models import Caller
from chat.rules.tally import Tally
from chat.steps.holds import lift_writes, read_holds
from chat.steps.retry import until_committed


def lift_hold(
    deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally
) -> dict[str, Any]:
    """The schema's `LegalHold` that `arguments` (`id`) name, which covers nothing from then on. What has expired meanwhile
    is deleted as soon as a job has given it back. One that was lifted already is answered as it is.

    Raises `InvalidInput` (also for an id that is no hold's), `NotAllowed` and `ServiceUnavailable`.
    """
    may_hold(caller)
    hold_id = arguments.get("id")

    def step() -> dict[str, Any]:
        holds = read_holds(deployment)
        found = next((hold for hold in holds.every if hold.id == hold_id), None)
        if found is None:
            raise InvalidInput("privacy.noHold", argument="id")
        if not found.is_standing:
            return found.to_wire()
        now = deployment.now()
        deployment.store.tables.transact(lift_writes(holds, found, caller.user_id, now))
        lifted = replace(
            found, state="LIFTING", lifted_at=now, lifted_by=caller.user_id, moved=0, through=None
        )
        return lifted.to_wire()

    return until_committed(deployment, tally, step)
