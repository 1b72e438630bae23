"""Query.myReactions: with what the caller reacts to some messages of a room."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.my_reactions import my_reactions
from chat_lambda.compose import deployment
from chat_lambda.function import Call, resolver


@resolver(deployment)
def handler(call: Call) -> list[dict[str, Any]]:
    """Answers the schema's `MyReactions`."""
    return my_reactions(deployment(), call.caller, call.arguments, call.tally)
