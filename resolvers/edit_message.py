"""Mutation.editMessage: another text for a message, which AppSync then publishes to `onMessage`."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.edit_message import edit_message
from chat.rules.selection import EDITED, check_call
from chat.rules.visibility import published
from chat_lambda.compose import deployment
from chat_lambda.function import Call, resolver
from chat_lambda.settings import settings


@resolver(deployment)
def handler(call: Call) -> dict[str, Any]:
    """Answers the schema's `Message`."""
    publishes = settings().publish == "sender"
    if publishes:
        check_call(call.info, call.tally, EDITED)
    message = edit_message(deployment(), call.caller, call.arguments, call.tally, call.kept_trace_id)
    return (published(message, call.caller.user_id) if publishes else message).to_wire()
