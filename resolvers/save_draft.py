"""Mutation.saveDraft: keep what somebody is writing."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.save_draft import save_draft
from chat_lambda.compose import deployment
from chat_lambda.function import Call, resolver


@resolver(deployment)
def handler(call: Call) -> dict[str, Any]:
    """Answers the schema's `Draft`."""
    return save_draft(deployment(), call.caller, call.arguments, call.tally)
