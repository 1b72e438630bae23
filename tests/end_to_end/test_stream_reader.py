"""`make run PUBLISH=stream`: what was committed is heard, whatever became of the function that did it."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from statistics import median
from typing import Any

import pytest

from chat.storage.clock import wall_clock
from tests.end_to_end.test_publishing import Program, listening, program, room
from tests.guarantees.support.fixtures import Clock, edit, process, remove, send

__all__ = ["program", "room"]
pytestmark = [
    pytest.mark.timeout(180),
    pytest.mark.real_engine("moto has no stream that another program could read"),
]


class Heard:
    """What a subscriber has heard, and who waits for more of it."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self._news = asyncio.Event()

    def take(self, event: Any) -> None:
        self.events.append(event)
        self._news.set()

    def has(self, text: str) -> bool:
        return text in [each["text"] for each in self.events]

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not condition():
                self._news.clear()
                await self._news.wait()


async def test_a_message_whose_function_died_after_its_commit_is_heard_by_subscribers(
    program: Program, client: Any, room: str
) -> None:
    """The operation runs in this process and answers nobody: what is left of it is its commit."""
    deployment, heard, delays = process(client, Clock(wall_clock())), Heard(), list[float]()
    async with listening(program, room, heard.take):
        for _ in range(100):  # gql does not say when it is subscribed
            await asyncio.to_thread(send, deployment, room, "alice", "are you there")
            with suppress(TimeoutError):
                await asyncio.wait_for(heard.until(lambda: bool(heard.events)), 0.3)
                break
        for number in range(10):
            began, text = time.monotonic(), f"message {number}"
            await asyncio.to_thread(send, deployment, room, "alice", text)
            await heard.until(partial(heard.has, text))
            delays.append((time.monotonic() - began) * 1_000)
        print(
            f"from a send's beginning until it is heard: p50 {median(delays):.0f} ms, most {max(delays):.0f} ms"
        )
        message = await asyncio.to_thread(send, deployment, room, "alice", "the last")
        await asyncio.to_thread(edit, deployment, message, "edited")
        await asyncio.to_thread(remove, deployment, message)
        await heard.until(lambda: (heard.events[-1]["id"], heard.events[-1]["text"]) == (message.id, None))
    numbers = [each["seq"] for each in heard.events if each["id"] != message.id]
    assert numbers == sorted(numbers)
    assert {each["roomId"] for each in heard.events} == {room}
