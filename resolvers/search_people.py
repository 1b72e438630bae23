"""Query.searchPeople: people of a room by the beginning of their names."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.search_people import search_people
from chat.rules.selection import may_select
from chat_lambda.compose import deployment, directory_part
from chat_lambda.function import Call, resolver


@resolver(deployment, directory_part)
def handler(call: Call) -> list[dict[str, Any]]:
    """Answers a list of the schema's `Person`."""
    compare = may_select(call.info.get("selectionSetGraphQL"), "isConfusable")
    return search_people(deployment(), call.caller, call.arguments, call.tally, compare=compare)
