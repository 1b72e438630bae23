"""Query.room: a room, and the caller's place in it."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.room import room
from chat.rules.selection import may_select
from chat_lambda.compose import deployment
from chat_lambda.function import Call, resolver


@resolver(deployment)
def handler(call: Call) -> dict[str, Any]:
    """Answers the schema's `Room`."""
    count = may_select(call.info.get("selectionSetGraphQL"), "memberCount")
    return room(deployment(), call.caller, call.arguments, call.tally, count=count)
