"""Query.blocks: one page of the people whom the caller has blocked."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.blocks import blocks
from chat_lambda.compose import cursor_keys, deployment
from chat_lambda.function import Call, resolver


@resolver(deployment, cursor_keys)
def handler(call: Call) -> dict[str, Any]:
    """Answers the schema's `BlockPage`."""
    return blocks(deployment(), cursor_keys(), call.caller, call.arguments, call.tally)
