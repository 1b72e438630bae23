"""Mutation.revokeSubscriptions: end somebody's own subscriptions."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.revoke_subscriptions import revoke_subscriptions
from chat_lambda.compose import deployment
from chat_lambda.function import Call, resolver


@resolver(deployment, audited=True)
def handler(call: Call) -> dict[str, Any]:
    """Answers the schema's `Me`."""
    return revoke_subscriptions(deployment(), call.caller, call.arguments, call.tally)
