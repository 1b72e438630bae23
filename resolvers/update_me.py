"""Mutation.updateMe: say what one is called, and how one looks."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.update_me import update_me
from chat_lambda.compose import deployment
from chat_lambda.function import Call, resolver


@resolver(deployment)
def handler(call: Call) -> dict[str, Any]:
    """Answers the schema's `Person`."""
    return update_me(deployment(), call.caller, call.arguments, call.tally)
