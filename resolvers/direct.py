"""Mutation.direct: the direct room of the caller and another."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.direct import direct
from chat_lambda.compose import deployment, direct_key
from chat_lambda.function import Call, resolver


@resolver(deployment, direct_key)
def handler(call: Call) -> dict[str, Any]:
    """Answers the schema's `Room`."""
    return direct(deployment(), call.caller, call.arguments, call.tally)
