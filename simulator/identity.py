"""Prints the setting IDENTITY that AUTH means, for a program beside `make run` that verifies tokens as its functions do."""

import json
from typing import TextIO

from simulator.access import issuers_of, sources
from simulator.settings import Settings


def main(settings: Settings, answers: TextIO) -> int:
    """Nothing where our own authorizer judges."""
    if settings.auth:
        issuers = issuers_of(settings, f"http://127.0.0.1:{settings.port}")
        print(json.dumps(sources(settings.auth, issuers), separators=(",", ":")), file=answers)
    return 0
