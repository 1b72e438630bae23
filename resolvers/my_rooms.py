"""Query.myRooms: the caller's rooms, with last messages and unread counts."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.my_rooms import my_rooms
from chat_lambda.compose import cursor_keys, deployment
from chat_lambda.function import Call, resolver


@resolver(deployment, cursor_keys)
def handler(call: Call) -> dict[str, Any]:
    """Answers the schema's `MyRoomPage`."""
    return my_rooms(deployment(), cursor_keys(), call.caller, call.arguments, call.tally)
