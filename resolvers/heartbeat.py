"""Mutation.heartbeat: say that the caller's client is there, and what it has."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.heartbeat import heartbeat
from chat_lambda.compose import deployment
from chat_lambda.function import Call, resolver


@resolver(deployment)
def handler(call: Call) -> dict[str, Any]:
    """Answers the schema's `Heartbeat`."""
    return heartbeat(deployment(), call.caller, call.arguments, call.tally)
