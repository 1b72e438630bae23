"""Ask that somebody else's data be exported."""

from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.rules.arguments import check_user
from chat.rules.data_requests import check_privacy, request_to_wire
from chat.rules.models import Caller
from chat.rules.tally import Tally
from chat.steps.data_requests import Asking, check_somebody, make_request


def request_export(
    deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], wait_ms: int, tally: Tally
) -> dict[str, Any]:
    """The schema's `DataRequest` of the person whom `arguments` (`userId`) name: a new one, which begins `wait_ms` from now,
    or the one that is open. For the role `privacy`.

    Raises `InvalidInput`, `NotAllowed` (`role`, `nobody`, `erasing`), `RateLimited` and `ServiceUnavailable`.
    """
    user_id = check_user(arguments)
    check_privacy(caller)
    check_somebody(deployment, user_id)
    asking = Asking(deployment.pseudonym(caller.user_id), caller.user_id)
    return request_to_wire(make_request(deployment, user_id, "EXPORT", asking, wait_ms, tally))
