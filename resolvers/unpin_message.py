"""Mutation.unpinMessage: unpin a message, which AppSync then tells `onMessage`."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.unpin_message import unpin_message
from chat.rules.selection import PIN, check_call
from chat_lambda.compose import deployment
from chat_lambda.function import Call, resolver
from chat_lambda.settings import settings


@resolver(deployment, audited=True)
def handler(call: Call) -> dict[str, Any]:
    """Answers the schema's `Message`."""
    if settings().publish == "sender":
        check_call(call.info, call.tally, PIN)
    return unpin_message(deployment(), call.caller, call.arguments, call.tally).to_wire()
