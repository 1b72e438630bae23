"""What a function that reads streams logs and answers of a batch."""

from typing import Any

from chat.steps.stream_batch import Reading
from chat_lambda.telemetry import logger


def answer_of(reading: Reading, count: int) -> dict[str, Any]:
    """Log what was set aside, and why the batch of `count` records is not done; answer from which record on it is to be
    sent again. https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html"""
    for letter in reading.set_aside:
        fields = {
            "table": letter.table,
            "sequence_number": letter.sequence_number,
            "reason": letter.reason,
        }
        logger().error("Record set aside", extra=fields)
    if reading.failed is None:
        return {"batchItemFailures": []}
    logger().warning("Batch not done", extra={"failure": reading.failure, "records": count})
    return {"batchItemFailures": [{"itemIdentifier": reading.failed}]}
