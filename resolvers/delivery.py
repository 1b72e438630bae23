"""Query.delivery: a room's delivery ledger."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.delivery import delivery
from chat_lambda.compose import deployment
from chat_lambda.function import Call, resolver


@resolver(deployment)
def handler(call: Call) -> dict[str, Any]:
    """Answers the schema's `DeliveryReport`."""
    return delivery(deployment(), call.caller, call.arguments, call.tally)
