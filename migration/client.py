"""This program's client of DynamoDB: boto3's, with whatever credentials its operator has set up for AWS."""

from typing import Any

import boto3
from botocore.config import Config

from chat.storage.aws import failures, refuse_incomplete_answers

TIMEOUT_S = 20.0


def dynamodb(region: str, endpoint: str | None) -> Any:
    """A client that makes each request once: `Tables` repeats it, at its own rate. Raises `StoreFailure`.

    `endpoint` is the address of another DynamoDB than AWS's.
    """
    config = Config(connect_timeout=TIMEOUT_S, read_timeout=TIMEOUT_S, retries={"total_max_attempts": 1})
    with failures():
        client = boto3.Session(region_name=region).client("dynamodb", endpoint_url=endpoint, config=config)
    refuse_incomplete_answers(client)
    return client
