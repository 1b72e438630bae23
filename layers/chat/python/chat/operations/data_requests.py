"""What somebody has asked of their data, and what came of it."""

from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.rules.data_requests import person_of, request_to_wire
from chat.rules.models import Caller
from chat.rules.tally import Tally
from chat.steps.data_requests import list_requests
from chat.steps.export_address import export_address


def data_requests(
    deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally
) -> list[dict[str, Any]]:
    """The schema's `DataRequest`s of the person whom `arguments` (`userId`) name, or of the caller: the newest first, 100 at
    the most.

    Raises `InvalidInput`, `NotAllowed` (`role`) and `ServiceUnavailable`.
    """
    user_id = person_of(caller, arguments)
    with tally.timing("StoreMs"):
        found = list_requests(deployment, user_id)
    return [request_to_wire(each) | {"address": export_address(deployment, each)} for each in found]
