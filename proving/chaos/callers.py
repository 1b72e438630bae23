"""Who takes part in a round: people behind the proxy, who repeat each call until it is answered."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

from proving.chaos.history import Stored
from proving.client import Client, Unreachable
from proving.graphql_http import Answer
from proving.people import Person
from proving.world import Room, World

ATTEMPTS = 60
"""How often a call is made until it is answered."""

FAILURES = 500
"""The first status of a server's failures (https://www.rfc-editor.org/rfc/rfc9110#section-15.6)."""

Told = TypeVar("Told")


async def together(*jobs: Coroutine[Any, Any, Told]) -> list[Told]:
    """What all of them give. None goes on after the first that fails, whose exception is raised."""
    tasks = [asyncio.create_task(each) for each in jobs]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Unanswered(Exception):
    """A call that was not answered however often it was made."""


@dataclass(frozen=True, slots=True)
class Stubborn(Client):
    """Makes each call until it is answered, and not by a server's failure (5xx), after which it may have happened or not.
    `failed`: why attempts were not."""

    failed: list[str] = field(default_factory=list)

    async def post(self, token: str | None, body: bytes) -> Answer:
        """Raises `Unanswered`."""
        for attempt in range(ATTEMPTS):
            try:
                answer = await Client.post(self, token, body)
            except Unreachable as failure:
                self.failed.append(str(failure))
            else:
                if answer.status < FAILURES:
                    return answer
                self.failed.append(str(answer))
            await asyncio.sleep(min(0.2, 0.005 * attempt))
        raise Unanswered(f"a call was not answered in {ATTEMPTS} attempts: {self.failed[-1]}")


@dataclass(eq=False, slots=True)
class Place:
    """A room, who is in it for certain, and how often its people have changed. `comer`: who comes, goes and comes again."""

    room: Room
    there: set[str]
    comer: Person | None
    first: Stored
    position: dict[str, Any]
    changed: int = 0
    caught_up: dict[str, list[Any]] = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class Caller:
    """A person behind the proxy: `sends` and `calls` go by channels of their own, `live` is the WebSocket."""

    person: Person
    number: int
    sends: World
    calls: World

    @property
    def failed(self) -> int:
        """How many attempts of calls were not answered so far."""
        client = self.calls.run.client
        return len(client.failed) if isinstance(client, Stubborn) else 0
