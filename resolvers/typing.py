"""Mutation.typing: say that the caller is writing, which AppSync then publishes to `onTyping`."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.typing import typing
from chat.rules.selection import TYPING, check_call
from chat_lambda.compose import deployment
from chat_lambda.function import Call, resolver


@resolver(deployment)
def handler(call: Call) -> dict[str, Any]:
    """Answers the schema's `Typing`."""
    check_call(call.info, call.tally, TYPING)
    return typing(deployment(), call.caller, call.arguments, call.tally)
