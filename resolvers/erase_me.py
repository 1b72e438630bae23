"""Mutation.eraseMe: ask that one's own data be erased."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.erase_me import erase_me
from chat.rules.models import DAY_MS
from chat_lambda.compose import deployment
from chat_lambda.function import Call, resolver
from chat_lambda.settings import settings


@resolver(deployment)
def handler(call: Call) -> dict[str, Any]:
    """Answers the schema's `DataRequest`."""
    own = settings()
    wait_ms, recent_s = own.erasure_wait_days * DAY_MS, own.recent_sign_in_seconds
    return erase_me(deployment(), call.caller, wait_ms, recent_s, call.tally)
