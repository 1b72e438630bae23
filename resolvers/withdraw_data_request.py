"""Mutation.withdrawDataRequest: take a request for somebody's data back."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.withdraw_data_request import withdraw_data_request
from chat_lambda.compose import deployment
from chat_lambda.function import Call, resolver


@resolver(deployment, audited=True)
def handler(call: Call) -> dict[str, Any]:
    """Answers the schema's `DataRequest`."""
    return withdraw_data_request(deployment(), call.caller, call.arguments, call.tally)
