"""Query.reactions: who reacts to a message, and with what."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.reactions import reactions
from chat_lambda.compose import cursor_keys, deployment
from chat_lambda.function import Call, resolver


@resolver(deployment, cursor_keys)
def handler(call: Call) -> dict[str, Any]:
    """Answers the schema's `ReactionPage`."""
    return reactions(deployment(), cursor_keys(), call.caller, call.arguments, call.tally)
