"""Mutation.typing: say that the caller is writing, which AppSync then publishes to `onTyping`."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.typing import typing
from chat.rules.selection import TYPING, check_selection
from chat_lambda.compose import deployment
from chat_lambda.function import Call, resolver


@resolver(deployment)
def handler(call: Call) -> dict[str, Any]:
    """Answers the schema's `Typing`."""
    if not check_selection(call.info.get("selectionSetList"), call.info.get("selectionSetGraphQL"), TYPING):
        call.tally.add("SelectionUnknown")
    return typing(deployment(), call.caller, call.arguments, call.tally)
