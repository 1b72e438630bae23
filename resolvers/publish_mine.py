"""Mutation.publishMine: hand what happens to a person to AppSync, which then publishes it to `onMine`. Called by what tells
people of it and by nobody else; where the deployment publishes what senders select, by nobody at all."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.publish_mine import publish_mine
from chat_lambda.function import Call, projector, resolver


@resolver(who=projector)
def handler(call: Call) -> dict[str, Any]:
    """Answers the schema's `PersonEvent`."""
    return publish_mine(call.arguments)
