"""read_stream: gives what the tables' streams tell to the targets of events. Lambda's event source mapping invokes this
function; AppSync does not."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.read_stream import read_stream
from chat.storage.clock import wall_clock
from chat_lambda.compose_events import dead_letters, reader
from chat_lambda.function import Call, service
from chat_lambda.telemetry import logger

WORKING_S = 18.0
"""The function has eleven seconds more, for the request of each target that is under way then."""


@service("read_stream", reader, dead_letters, background=True)
def handler(call: Call) -> dict[str, Any]:
    """Answers from which record on the batch is to be sent again: see `docs/events.md`."""
    emitter = reader()
    until = emitter.monotonic() + WORKING_S
    records = call.arguments["Records"]
    reading = read_stream(emitter, dead_letters(), records, wall_clock(), call.tally, until)
    for letter in reading.set_aside:
        fields = {"table": letter.table, "sequence_number": letter.sequence_number, "reason": letter.reason}
        logger().error("Record set aside", extra=fields)
    if reading.failed is None:
        return {"batchItemFailures": []}
    logger().warning("Batch not done", extra={"failure": reading.failure, "records": len(records)})
    return {"batchItemFailures": [{"itemIdentifier": reading.failed}]}
