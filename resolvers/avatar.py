"""Query.avatar: a short-lived address of an uploaded picture."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.avatar import avatar
from chat_lambda.compose import deployment, uploads
from chat_lambda.function import Call, resolver


@resolver(deployment, uploads)
def handler(call: Call) -> dict[str, Any]:
    """Answers the schema's `AttachmentUrl`."""
    return avatar(deployment(), call.caller, call.arguments, call.tally)
