"""Subscription.onReceipt: judge a subscription when the client starts it."""

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.on_receipt import on_receipt
from chat_lambda.compose import deployment
from chat_lambda.function import Call, resolver
from chat_lambda.settings import settings


@resolver(deployment)
def handler(call: Call) -> None:
    """Answers null, which accepts; raising refuses."""
    allow_unfenced = settings().allow_unfenced_subscriptions
    on_receipt(deployment(), call.caller, call.arguments, allow_unfenced=allow_unfenced)
