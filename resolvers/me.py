"""Query.me: what somebody needs to know of themself."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.me import me
from chat_lambda.compose import deployment
from chat_lambda.function import Call, resolver


@resolver(deployment)
def handler(call: Call) -> dict[str, Any]:
    """Answers the schema's `Me`."""
    return me(deployment(), call.caller)
