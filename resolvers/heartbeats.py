"""Mutation.heartbeats: say of many people that their clients are there, and what they have. For the gateway alone."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.heartbeats import heartbeats
from chat_lambda.compose import deployment
from chat_lambda.function import Call, resolver


@resolver(deployment)
def handler(call: Call) -> list[dict[str, Any]]:
    """Answers a list of the schema's `PersonHeartbeatAnswer`."""
    return heartbeats(deployment(), call.caller, call.arguments, call.tally)
