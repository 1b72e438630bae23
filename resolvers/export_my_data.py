"""Mutation.exportMyData: ask that one's own data be exported."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.export_my_data import export_my_data
from chat.rules.data_requests import HOUR_MS
from chat_lambda.compose import deployment
from chat_lambda.function import Call, resolver
from chat_lambda.settings import settings


@resolver(deployment)
def handler(call: Call) -> dict[str, Any]:
    """Answers the schema's `DataRequest`."""
    wait_ms = settings().export_wait_hours * HOUR_MS
    return export_my_data(deployment(), call.caller, wait_ms, call.tally)
