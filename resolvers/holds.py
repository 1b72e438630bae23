"""Query.holds: the legal holds that there are."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.holds import holds
from chat_lambda.compose import deployment
from chat_lambda.function import Call, resolver


@resolver(deployment)
def handler(call: Call) -> dict[str, Any]:
    """Answers the schema's `LegalHoldList`."""
    return holds(deployment(), call.caller, call.arguments, call.tally)
