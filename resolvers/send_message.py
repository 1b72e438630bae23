"""Mutation.sendMessage: store a message, which AppSync then publishes to `onMessage`."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.send_message import send_message
from chat.rules.selection import check_call
from chat_lambda.compose import deployment
from chat_lambda.function import Call, resolver
from chat_lambda.settings import settings


@resolver(deployment)
def handler(call: Call) -> dict[str, Any]:
    """Answers the schema's `Message`."""
    if settings().publish == "sender":
        check_call(call.info, call.tally)
    message = send_message(deployment(), call.caller, call.arguments, call.tally, call.kept_trace_id)
    return message.to_wire()
