"""Mutation.markDelivered: say how far the caller's client has every message, which AppSync then publishes to
`onReceipt`."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.mark_delivered import mark_delivered
from chat.rules.selection import RECEIPT, check_call
from chat_lambda.compose import deployment
from chat_lambda.function import Call, resolver


@resolver(deployment)
def handler(call: Call) -> dict[str, Any]:
    """Answers the schema's `Receipt`."""
    check_call(call.info, call.tally, RECEIPT)
    return mark_delivered(deployment(), call.caller, call.arguments, call.tally)
