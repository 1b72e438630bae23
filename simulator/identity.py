"""Prints what AUTH means to a program beside `make run` that verifies tokens as its functions do: IDENTITY, or
with --setting=TOKEN_MARKER that."""

from typing import TextIO

from simulator.access import told
from simulator.settings import Settings


def main(settings: Settings, answers: TextIO) -> int:
    """Nothing for a setting that is not set: where our own authorizer alone judges there is neither."""
    found = told(settings, f"http://127.0.0.1:{settings.port}").get(settings.setting)
    if found:
        print(found, file=answers)
    return 0
