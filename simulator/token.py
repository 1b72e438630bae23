"""Prints a token, or an access key. It is valid for a simulator of this checkout, whether or not one is running."""

import time
from typing import TextIO

from simulator.access import credentials
from simulator.keys import signing_key
from simulator.settings import Settings


def main(settings: Settings, answers: TextIO) -> int:
    print(token_of(settings, int(time.time())), file=answers)
    return 0


def token_of(settings: Settings, now: int) -> str:
    """For our own authorizer, or for the mode that AUTH names."""
    if settings.auth:
        return credentials(settings, now)
    return signing_key(settings.keys).mint(
        settings.user, now=now, ttl=settings.ttl, roles=settings.roles, locale=settings.locale
    )
