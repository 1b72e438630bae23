"""Take a request for somebody's data back before it begins."""

from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.rules.data_requests import check_request_id, person_of, request_to_wire
from chat.rules.models import Caller
from chat.rules.tally import Tally
from chat.steps.data_requests import withdraw_request


def withdraw_data_request(
    deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally
) -> dict[str, Any]:
    """The schema's `DataRequest` that `arguments` (`id`, `userId`) name, withdrawn: the caller's own, or with the role
    `privacy` anybody's.

    Raises `InvalidInput`, `NotAllowed` (`role`, `begun`) and `ServiceUnavailable`.
    """
    request_id, user_id = check_request_id(arguments), person_of(caller, arguments)
    return request_to_wire(withdraw_request(deployment, user_id, request_id, tally))
