"""Mutation.deleteRoom: end a room for everybody."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.delete_room import delete_room
from chat.rules.selection import NOTICE, check_selection
from chat_lambda.compose import deployment
from chat_lambda.function import Call, resolver


@resolver(deployment, audited=True)
def handler(call: Call) -> dict[str, Any]:
    """Answers the schema's `Message`."""
    if not check_selection(call.info.get("selectionSetList"), call.info.get("selectionSetGraphQL"), NOTICE):
        call.tally.add("SelectionUnknown")
    return delete_room(deployment(), call.caller, call.arguments, call.tally).to_wire()
