"""How people come to a server and how messages are sent to them."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bench.gateway.crowd import Crowd
from bench.gateway.servers import Running
from bench.gateway.wire import mark

SIZE = 700
"""Bytes of a frame's payload, the same for all servers."""


async def joined(running: Running, people: int, *, is_narrow: bool = False) -> Crowd:
    crowd = Crowd(running.address)
    await crowd.join(people, is_narrow=is_narrow)
    return crowd


def text(seq: int, intended: int, size: int) -> str:
    marker = mark(seq, intended)
    return marker + "x" * max(0, size - len(marker))


async def publish(running: Running, crowd: Crowd, rate: float, seconds: float, size: int = SIZE) -> int:
    """Send at a steady rate, each at its intended instant; how many were sent."""
    start = time.monotonic_ns()
    count = int(rate * seconds)
    for index in range(count):
        await _send(running, crowd, start + int(index * 1e9 / rate), size)
    return count


@asynccontextmanager
async def publishing(running: Running, crowd: Crowd, rate: float) -> AsyncIterator[None]:
    """Messages go on being sent, whatever happens to the server meanwhile."""

    async def go_on() -> None:
        start, index = time.monotonic_ns(), 0
        while True:
            await _send(running, crowd, start + int(index * 1e9 / rate), SIZE)
            index += 1

    sending = asyncio.create_task(go_on())
    try:
        yield
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)


async def _send(running: Running, crowd: Crowd, intended: int, size: int) -> None:
    await until(intended)
    running.sent += 1
    await running.publish(crowd, text(running.sent, intended, size - running.overhead))


async def until(instant: int) -> None:
    """A monotonic instant (ns). If it is past, the others get their turn all the same."""
    await asyncio.sleep(max(0.0, (instant - time.monotonic_ns()) / 1e9))
