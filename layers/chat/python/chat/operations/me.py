"""Say what somebody needs to know of themself to hear what happens to them."""

from typing import Any

from chat.deployment import Deployment
from chat.rules.models import Caller
from chat.rules.tally import Tally
from chat.steps.own_item import read_epoch


def me(deployment: Deployment, caller: Caller, tally: Tally, *, person: bool = False) -> dict[str, Any]:
    """The schema's `Me` of the caller. `person`: whether to say what they are called, too, which takes a request more. Raises
    `ServiceUnavailable`."""
    found: dict[str, Any] = {
        "userId": caller.user_id,
        "epoch": read_epoch(deployment, caller.user_id),
        "person": None,
    }
    if person:
        from chat.steps.people import person_of  # noqa: PLC0415  only who asks for it is to pay for it

        found["person"] = person_of(deployment, caller.user_id, tally)
    return found
