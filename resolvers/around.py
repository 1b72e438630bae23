"""Query.around: the history on both sides of a message."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.around import around
from chat.operations.messages import messages
from chat_lambda.compose import cursor_keys, deployment
from chat_lambda.function import Call, resolver


@resolver(deployment, cursor_keys)
def handler(call: Call) -> dict[str, Any]:
    """Answers the schema's `MessagesAround`."""
    return around(deployment(), cursor_keys(), call.caller, call.arguments, call.tally, messages)
