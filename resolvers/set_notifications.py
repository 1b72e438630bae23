"""Mutation.setNotifications: what the caller wants to be notified of in a room."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.set_notifications import set_notifications
from chat_lambda.compose import deployment
from chat_lambda.function import Call, resolver


@resolver(deployment)
def handler(call: Call) -> dict[str, Any]:
    """Answers the schema's `NotificationSetting`."""
    return set_notifications(deployment(), call.caller, call.arguments, call.tally)
