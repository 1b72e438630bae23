"""Prints the address of the DynamoDB that `make run` stands on."""

import sys
from typing import TextIO

from simulator.engine import address, home_of
from simulator.settings import Settings


def main(settings: Settings, answers: TextIO) -> int:
    if settings.dynamodb_endpoint is not None:
        print(str(settings.dynamodb_endpoint).rstrip("/"), file=answers)
        return 0
    endpoint = address(home_of(settings.engine, settings.state))
    if endpoint is None:
        print("No DynamoDB runs here: start make run in another shell.", file=sys.stderr)
        return 1
    print(endpoint, file=answers)
    return 0
