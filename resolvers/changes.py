"""Query.changes: what happened in a room since a head that was read before."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.changes import changes
from chat_lambda.compose import cursor_keys, deployment
from chat_lambda.function import Call, resolver


@resolver(deployment, cursor_keys)
def handler(call: Call) -> dict[str, Any]:
    """Answers the schema's `ChangePage`."""
    selection = call.info.get("selectionSetGraphQL")
    return changes(deployment(), cursor_keys(), call.caller, call.arguments, call.tally, selection)
