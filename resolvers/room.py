"""Query.room: a room, and the caller's place in it."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.room import room
from chat_lambda.compose import deployment
from chat_lambda.function import Call, resolver


@resolver(deployment)
def handler(call: Call) -> dict[str, Any]:
    """Answers the schema's `Room`."""
    return room(deployment(), call.caller, call.arguments, call.tally)
