"""Mutation.react: react to a message with an emoji, or take that back. Nothing is published of it."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.react import react
from chat.rules.projections import check_projections
from chat_lambda.compose import deployment
from chat_lambda.function import Call, resolver
from chat_lambda.settings import settings


@resolver(deployment)
def handler(call: Call) -> dict[str, Any]:
    """Answers the schema's `Reaction`."""
    check_projections(settings().projections)
    return react(deployment(), settings().short_codes, call.caller, call.arguments, call.tally)
