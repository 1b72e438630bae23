"""Mutation.removeMessage: take a message's text away, which AppSync then publishes to `onMessage`."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.remove_message import remove_message
from chat.rules.selection import REMOVED, check_call
from chat.rules.visibility import published
from chat_lambda.compose import deployment
from chat_lambda.function import Call, resolver
from chat_lambda.settings import settings


@resolver(deployment, audited=True)
def handler(call: Call) -> dict[str, Any]:
    """Answers the schema's `Message`."""
    publishes = settings().publish == "sender"
    if publishes:
        check_call(call.info, call.tally, REMOVED)
    message = remove_message(deployment(), call.caller, call.arguments, call.tally, call.kept_trace_id)
    return (published(message, call.caller.user_id) if publishes else message).to_wire()
