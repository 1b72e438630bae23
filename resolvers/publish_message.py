"""Mutation.publishMessage: hand a message or a notice to AppSync, which then publishes it to `onMessage`. Called by the
stream's reader and by nobody else, where the deployment publishes by the stream."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.publish_message import publish_message
from chat_lambda.function import Call, publisher, resolver


@resolver(sources=publisher)
def handler(call: Call) -> dict[str, Any]:
    """Answers the schema's `Message`."""
    return publish_message(call.arguments)
