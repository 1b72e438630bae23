"""This program's clients: boto3's, with whatever credentials its operator has set up for AWS."""

from typing import Any

import boto3
from botocore.config import Config

from chat.storage.aws import failures, refuse_incomplete_answers

TIMEOUT_S = 60.0
"""Longer than a function works on one call."""


def client(service: str, region: str, endpoint: str | None = None) -> Any:
    """A client that tries again by itself what failed in passing. Raises `StoreFailure`."""
    config = Config(
        connect_timeout=5, read_timeout=TIMEOUT_S, retries={"mode": "standard", "max_attempts": 5}
    )
    with failures():
        made = boto3.Session(region_name=region).client(service, endpoint_url=endpoint, config=config)
    refuse_incomplete_answers(made)
    return made
