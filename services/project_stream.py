"""project_stream: derives from what the tables' streams tell what no send writes. Lambda's event source mapping invokes this
function; AppSync does not."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.project_stream import project_stream
from chat.rules.projections import Projection
from chat.storage.clock import wall_clock
from chat.storage.dead_letters import DeadLetters
from chat_lambda.compose_events import dead_letters
from chat_lambda.compose_projections import projections
from chat_lambda.function import Call, Handler, service
from chat_lambda.stream_answer import answer_of

WORKING_S = 18.0
"""The function has eleven seconds more, for the request of each projection that is under way then."""


def projecting(made: Callable[[], Sequence[Projection]], letters: Callable[[], DeadLetters]) -> Handler:
    """The function over these projections, which are made during init."""

    @service("project_stream", made, letters, background=True)
    def handler(call: Call) -> dict[str, Any]:
        """Answers from which record on the batch is to be sent again: see `docs/events.md`."""
        records, until = call.arguments["Records"], time.monotonic() + WORKING_S
        read = project_stream(made(), letters(), records, wall_clock(), call.tally, time.monotonic, until)
        return answer_of(read, len(records))

    return handler


handler = projecting(projections, dead_letters)
