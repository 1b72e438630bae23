"""Ask that one's own data be exported."""

from typing import Any

from chat.deployment import Deployment
from chat.rules.data_requests import SELF, request_to_wire
from chat.rules.models import Caller
from chat.rules.tally import Tally
from chat.steps.data_requests import Asking, check_somebody, make_request


def export_my_data(deployment: Deployment, caller: Caller, wait_ms: int, tally: Tally) -> dict[str, Any]:
    """The schema's `DataRequest`: a new one, which begins `wait_ms` from now, or the one that is open.

    Raises `NotAllowed` (`nobody`, `erasing`), `RateLimited` and `ServiceUnavailable`.
    """
    check_somebody(deployment, caller.user_id)
    asking = Asking(SELF, caller.user_id)
    return request_to_wire(make_request(deployment, caller.user_id, "EXPORT", asking, wait_ms, tally))
