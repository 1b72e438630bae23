"""Query.sync: what changed in all of the caller's rooms."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.sync import sync
from chat_lambda.compose import cursor_keys, deployment
from chat_lambda.function import Call, resolver


@resolver(deployment, cursor_keys)
def handler(call: Call) -> dict[str, Any]:
    """Answers the schema's `SyncPage`."""
    selection = call.info.get("selectionSetGraphQL")
    return sync(deployment(), cursor_keys(), call.caller, call.arguments, call.tally, selection)
