"""This program's clients: boto3's, with whatever credentials its operator has set up for AWS."""

from typing import Any

import boto3
from botocore.config import Config

from chat.storage.aws import failures, refuse_incomplete_answers

TIMEOUT_S = 20.0


def client(service: str, region: str, endpoint: str | None = None) -> Any:
    """A client that makes each request once: the chat's steps repeat it. `endpoint` is another address than AWS's. Raises
    `StoreFailure`."""
    config = Config(connect_timeout=5, read_timeout=TIMEOUT_S, retries={"total_max_attempts": 1})
    with failures():
        session: Any = boto3.Session(region_name=region)  # its stubs know each service by a type of its own
        made = session.client(service, endpoint_url=endpoint, config=config)
    refuse_incomplete_answers(made)
    return made
