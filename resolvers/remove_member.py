"""Mutation.removeMember: take somebody out of a room, which ends the room's epoch."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.remove_member import remove_member
from chat.rules.selection import NOTICE, check_call
from chat_lambda.compose import deployment
from chat_lambda.function import Call, resolver
from chat_lambda.settings import settings


@resolver(deployment, audited=True)
def handler(call: Call) -> dict[str, Any]:
    """Answers the schema's `Message`."""
    if settings().publish == "sender":
        check_call(call.info, call.tally, NOTICE)
    return remove_member(deployment(), call.caller, call.arguments, call.tally).to_wire()
