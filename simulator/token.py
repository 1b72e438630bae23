"""Prints a token. It is valid for a simulator of this checkout, whether or not one is running."""

import time
from typing import TextIO

from simulator.keys import signing_key
from simulator.settings import Settings


def main(settings: Settings, answers: TextIO) -> int:
    token = signing_key(settings.keys).mint(
        settings.user, now=int(time.time()), ttl=settings.ttl, roles=settings.roles, locale=settings.locale
    )
    print(token, file=answers)
    return 0
