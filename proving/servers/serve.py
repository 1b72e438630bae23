"""Serves the sample on this machine until it is interrupted."""

import asyncio
import os
import secrets
import sys
from pathlib import Path

from proving.people import Person
from proving.servers.designs import DESIGNS
from proving.servers.wire import Server, serving

PEOPLE = ("ann", "ben", "cleo")


def people() -> tuple[Person, ...]:
    """With tokens that nobody has had before."""
    return tuple(Person(name, secrets.token_urlsafe(24)) for name in PEOPLE)


def server_of(design: str, present: tuple[Person, ...]) -> Server:
    return Server(DESIGNS[design](), {each.token: each.user_id for each in present})


async def serve(design: str, port: int, tokens: Path) -> int:
    """Writes the people's tokens to a file of the caller's own, says the address, and serves. The exit status."""
    if design not in DESIGNS:
        for name, each in DESIGNS.items():
            print(f"{name}: {(each.__doc__ or '').splitlines()[0]}")
        return 0 if design == "list" else 2
    present = people()
    with os.fdopen(os.open(tokens, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.writelines(f"{each.user_id} {each.token}\n" for each in present)
    async with serving(server_of(design, present), port) as url:
        print(f"ready {url}", flush=True)
        await asyncio.Event().wait()
    sys.exit(1)
