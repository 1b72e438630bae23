"""Query.myMentions: the messages of a room that mention the caller."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.my_mentions import my_mentions
from chat_lambda.compose import cursor_keys, deployment
from chat_lambda.function import Call, resolver


@resolver(deployment, cursor_keys)
def handler(call: Call) -> dict[str, Any]:
    """Answers the schema's `MentionPage`."""
    selection = call.info.get("selectionSetGraphQL")
    return my_mentions(deployment(), cursor_keys(), call.caller, call.arguments, call.tally, selection)
