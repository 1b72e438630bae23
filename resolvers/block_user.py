"""Mutation.blockUser: block somebody."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.block_user import block_user
from chat_lambda.compose import deployment, direct_key
from chat_lambda.function import Call, resolver


@resolver(deployment, direct_key)
def handler(call: Call) -> dict[str, Any]:
    """Answers the schema's `Block`."""
    return block_user(deployment(), call.caller, call.arguments, call.tally)
