"""Query.presence: who of a room's members is there."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.presence import presence
from chat_lambda.compose import deployment
from chat_lambda.function import Call, resolver


@resolver(deployment)
def handler(call: Call) -> dict[str, Any]:
    """Answers the schema's `RoomPresence`."""
    return presence(deployment(), call.caller, call.arguments, call.tally)
