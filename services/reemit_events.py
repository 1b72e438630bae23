"""reemit_events: gives a room's events to targets once more, made again of the tables. An operator's program invokes this
function; AppSync does not."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.reemit_events import check_targets, reemit_events
from chat_lambda.compose import deployment
from chat_lambda.compose_events import REEMITTED_TO, emitter_to, targets
from chat_lambda.function import Call, service

WORKING_S = 18.0
"""The function has eleven seconds more, for the page and the requests that are under way then."""


@service("reemit_events", deployment)
def handler(call: Call) -> dict[str, Any]:
    """Answers what went out and what is missing: see `docs/events.md`."""
    names = check_targets(call.arguments, [name for name in REEMITTED_TO if name in targets()])
    return reemit_events(deployment(), emitter_to(names), call.arguments, call.tally, WORKING_S)
