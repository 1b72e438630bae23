"""Mutation.liftHold: lift a legal hold."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.lift_hold import lift_hold
from chat_lambda.compose import deployment
from chat_lambda.function import Call, resolver


@resolver(deployment, audited=True)
def handler(call: Call) -> dict[str, Any]:
    """Answers the schema's `LegalHold`."""
    return lift_hold(deployment(), call.caller, call.arguments, call.tally)
