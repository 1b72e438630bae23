"""Query.drafts: what the caller is writing."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.drafts import drafts
from chat_lambda.compose import cursor_keys, deployment
from chat_lambda.function import Call, resolver


@resolver(deployment, cursor_keys)
def handler(call: Call) -> dict[str, Any]:
    """Answers the schema's `DraftPage`."""
    return drafts(deployment(), cursor_keys(), call.caller, call.arguments, call.tally)
