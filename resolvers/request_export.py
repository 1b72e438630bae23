"""Mutation.requestExport: ask that somebody else's data be exported."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.request_export import request_export
from chat.rules.data_requests import HOUR_MS
from chat_lambda.compose import deployment
from chat_lambda.function import Call, resolver
from chat_lambda.settings import settings


@resolver(deployment, audited=True)
def handler(call: Call) -> dict[str, Any]:
    """Answers the schema's `DataRequest`."""
    wait_ms = settings().export_wait_hours * HOUR_MS
    return request_export(deployment(), call.caller, call.arguments, wait_ms, call.tally)
