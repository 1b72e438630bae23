"""read_stream: gives what the tables' streams tell to the targets of events. Lambda's event source mapping invokes this
function; AppSync does not."""

from collections.abc import Callable
from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.read_stream import read_stream
from chat.steps.emission import Emitter
from chat.storage.clock import wall_clock
from chat.storage.dead_letters import DeadLetters
from chat_lambda.compose_events import dead_letters, reader
from chat_lambda.function import Call, Handler, service
from chat_lambda.stream_answer import answer_of

WORKING_S = 18.0
"""The function has eleven seconds more, for the request of each target that is under way then."""


def reading(emitter: Callable[[], Emitter], letters: Callable[[], DeadLetters]) -> Handler:
    """The function over these targets, which are made during init."""

    @service("read_stream", emitter, letters, background=True)
    def handler(call: Call) -> dict[str, Any]:
        """Answers from which record on the batch is to be sent again: see `docs/events.md`."""
        records, until = call.arguments["Records"], emitter().monotonic() + WORKING_S
        read = read_stream(emitter(), letters(), records, wall_clock(), call.tally, until)
        return answer_of(read, len(records))

    return handler


handler = reading(reader, dead_letters)
