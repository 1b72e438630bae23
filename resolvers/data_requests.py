"""Query.dataRequests: what somebody has asked of their data."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.data_requests import data_requests
from chat_lambda.compose import deployment
from chat_lambda.function import Call, resolver


@resolver(deployment)
def handler(call: Call) -> list[dict[str, Any]]:
    """Answers the schema's `DataRequest`s."""
    return data_requests(deployment(), call.caller, call.arguments, call.tally)
