"""What the game days share: people who chat meanwhile, and a protocol of what was done, what is to be seen, and what was."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import ClassVar, Literal

import aiohttp

from tests.game_days.issuer import Issuer
from tests.guarantees.crashes.chaos import Run
from tests.guarantees.crashes.servers import Servers

Kind = Literal["do", "see", "saw", "check"]
WITHIN_S = 120.0
"""How long something may take that is to happen."""


@dataclass
class Day:
    """One game day. `seconds`: for how long it goes wrong."""

    title: ClassVar[str]

    servers: Servers
    people: Run
    http: aiohttp.ClientSession
    issuer: Issuer
    seconds: float
    problems: list[str] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    async def go(self) -> list[str]:
        """What is not as promised, in sentences."""
        self.say(
            "do", f"{self.title}. People chat: three send, five follow, two are removed and added again."
        )
        await self.prepare()
        await self.people.go(self.befalls)
        self.say("saw", self.people.figures())
        return [*self.problems, *await self.people.problems()]

    async def prepare(self) -> None:
        """What has to be there before people come."""

    async def befalls(self) -> None:
        """What goes wrong, and what is done about it."""
        raise NotImplementedError

    def say(self, kind: Kind, text: str) -> None:
        print(f"{time.monotonic() - self.began:7.1f} s  {kind:<5}  {text}", flush=True)

    def check(self, sentence: str, holds: bool) -> None:
        """`sentence`: what has to be so."""
        self.say("check", f"{'yes' if holds else 'NO '}  {sentence}")
        if not holds:
            self.problems.append(f"not so: {sentence}")

    async def some_messages(self, count: int = 5) -> float:
        """Until so many more are acknowledged; in seconds. Raises `TimeoutError`."""
        before = self.acknowledged

        async def are_there() -> bool:
            return self.acknowledged >= before + count

        return await self.until(are_there)

    async def until(self, holds: Callable[[], Awaitable[bool]]) -> float:
        """How many seconds it took. Raises `TimeoutError`."""
        began = time.monotonic()
        async with asyncio.timeout(WITHIN_S):
            while True:
                if await holds():
                    return time.monotonic() - began
                await asyncio.sleep(0.1)

    @property
    def acknowledged(self) -> int:
        return sum(len(sender.acknowledged) for sender in self.people.senders)

    async def is_ready(self) -> bool:
        return (await self.readiness()).startswith("200")

    async def readiness(self) -> str:
        """What the gateway says of itself at `/readyz`."""
        try:
            async with self.http.get(f"http://127.0.0.1:{self.servers.gateway.port}/readyz") as answer:
                return f"{answer.status} {(await answer.text()).strip()}"
        except aiohttp.ClientError as error:
            return type(error).__name__
