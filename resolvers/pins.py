"""Query.pins: the pinned messages of a room."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.pins import pins
from chat_lambda.compose import deployment
from chat_lambda.function import Call, resolver


@resolver(deployment)
def handler(call: Call) -> list[dict[str, Any]]:
    """Answers the schema's `Pin`s."""
    return pins(deployment(), call.caller, call.arguments, call.tally)
