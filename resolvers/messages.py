"""Query.messages: one page of a room's history."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.messages import messages
from chat_lambda.compose import cursor_keys, deployment
from chat_lambda.function import Call, resolver


@resolver(deployment, cursor_keys)
def handler(call: Call) -> dict[str, Any]:
    """Answers the schema's `MessageConnection`."""
    selection = call.info.get("selectionSetGraphQL")
    page = messages(deployment(), cursor_keys(), call.caller, call.arguments, call.tally, selection)
    return page.to_wire()
