"""Mutation.createRoom: make a room."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.create_room import create_room
from chat_lambda.compose import deployment
from chat_lambda.function import Call, resolver


@resolver(deployment, audited=True)
def handler(call: Call) -> dict[str, Any]:
    """Answers the schema's `Room`."""
    return create_room(deployment(), call.caller, call.arguments, call.tally)
