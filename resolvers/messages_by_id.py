"""Query.messagesById: single messages by their ids."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.messages_by_id import messages_by_id
from chat_lambda.compose import deployment
from chat_lambda.function import Call, resolver


@resolver(deployment)
def handler(call: Call) -> list[dict[str, Any]]:
    """Answers the schema's `Message`s."""
    return messages_by_id(deployment(), call.caller, call.arguments, call.tally)
