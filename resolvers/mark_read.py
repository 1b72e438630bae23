"""Mutation.markRead: say how far the caller has read, which AppSync then publishes to `onReceipt`."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.mark_read import mark_read
from chat.rules.selection import RECEIPT, check_call
from chat_lambda.compose import deployment
from chat_lambda.function import Call, resolver


@resolver(deployment)
def handler(call: Call) -> dict[str, Any]:
    """Answers the schema's `Receipt`."""
    check_call(call.info, call.tally, RECEIPT)
    return mark_read(deployment(), call.caller, call.arguments, call.tally)
