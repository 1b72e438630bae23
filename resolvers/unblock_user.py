"""Mutation.unblockUser: end a block."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.unblock_user import unblock_user
from chat_lambda.compose import deployment, direct_key
from chat_lambda.function import Call, resolver


@resolver(deployment, direct_key)
def handler(call: Call) -> dict[str, Any]:
    """Answers the schema's `Block`."""
    return unblock_user(deployment(), call.caller, call.arguments, call.tally)
