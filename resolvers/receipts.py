"""Query.receipts: how far a room's members have received and read."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.receipts import receipts
from chat_lambda.compose import cursor_keys, deployment
from chat_lambda.function import Call, resolver


@resolver(deployment, cursor_keys)
def handler(call: Call) -> dict[str, Any]:
    """Answers the schema's `ReceiptPage`."""
    return receipts(deployment(), cursor_keys(), call.caller, call.arguments, call.tally)
