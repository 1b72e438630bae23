"""Judge a subscription to what happens to a person, when the client starts it. AppSync never asks again."""

from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.rules.arguments import check_user, is_whole
from chat.rules.errors import InvalidInput, NotAllowed, StaleEpoch
from chat.rules.models import Caller
from chat.rules.projections import check_projections
from chat.rules.record import record
from chat.steps.own_item import read_epoch

HEARS_FOR_OTHERS = "gateway"
"""The platform role of a service that hears it for people whom it has let in."""


@record(frozen=True, slots=True)
class Telling:
    """How the deployment tells people. `live`: it publishes by the stream; `projections`: something is derived from that;
    `allow_unfenced`: subscriptions without an epoch are taken, which cannot be ended from here."""

    live: bool
    projections: bool
    allow_unfenced: bool = False


def on_mine(deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], telling: Telling) -> None:
    """Accept a subscription to `arguments` (`userId`, `epoch`) by answering nothing: of oneself alone.

    Raises `InvalidInput`, `NotAllowed` (`other`, `publishedBySender`, `noProjections`), `StaleEpoch`, `ServiceUnavailable`.
    """
    user_id, epoch = check_user(arguments), arguments.get("epoch")
    if epoch is not None and not is_whole(epoch):
        raise InvalidInput("subscribe.epoch", argument="epoch")
    if user_id != caller.user_id and HEARS_FOR_OTHERS not in caller.roles:
        raise NotAllowed("mine.other", reason="other")
    if not telling.live:
        raise NotAllowed("mine.sender", reason="publishedBySender")
    check_projections(telling.projections)
    current = read_epoch(deployment, user_id)
    if epoch is None and not telling.allow_unfenced:
        raise StaleEpoch(current, missing=True, of="mine")
    if epoch is not None and epoch != current:
        raise StaleEpoch(current, of="mine")
