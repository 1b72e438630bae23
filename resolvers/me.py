"""Query.me: what somebody needs to know of themself."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.me import me
from chat.rules.selection import may_select
from chat_lambda.compose import deployment, directory_part
from chat_lambda.function import Call, resolver


@resolver(deployment, directory_part)
def handler(call: Call) -> dict[str, Any]:
    """Answers the schema's `Me`."""
    person = may_select(call.info.get("selectionSetGraphQL"), "person")
    return me(deployment(), call.caller, call.tally, person=person)
