"""Mutation.requestErasure: ask that somebody else's data be erased."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.request_erasure import request_erasure
from chat.rules.models import DAY_MS
from chat_lambda.compose import deployment
from chat_lambda.function import Call, resolver
from chat_lambda.settings import settings


@resolver(deployment, audited=True)
def handler(call: Call) -> dict[str, Any]:
    """Answers the schema's `DataRequest`."""
    wait_ms = settings().erasure_wait_days * DAY_MS
    return request_erasure(deployment(), call.caller, call.arguments, wait_ms, call.tally)
