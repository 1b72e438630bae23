"""Subscription.onMine: judge a subscription when the client starts it."""

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.on_mine import Telling, on_mine
from chat_lambda.compose import deployment
from chat_lambda.function import Call, resolver
from chat_lambda.settings import settings


@resolver(deployment)
def handler(call: Call) -> None:
    """Answers null, which accepts; raising refuses."""
    own = settings()
    telling = Telling(own.publish == "stream", own.projections, own.allow_unfenced_subscriptions)
    on_mine(deployment(), call.caller, call.arguments, telling)
