"""A client is written to without waiting, or poured to as fast as it takes it."""

import asyncio
from typing import Any

from gateway.outlet import Outlet


class Pipe:
    """A protocol and its transport: after each two frames it is full until `drain`."""

    def __init__(self) -> None:
        self.transport: Any = self
        self.writable = asyncio.Event()
        self.writable.set()
        self.disconnected = False
        self.written: list[bytes] = []
        self.outlet: Outlet | None = None

    def set_write_buffer_limits(self, high: int) -> None:
        self.high = high

    def write(self, frame: bytes) -> None:
        self.written.append(frame)
        if len(self.written) % 2 == 0:
            self.writable.clear()
            if self.outlet is not None:
                self.outlet.slow()

    def abort(self) -> None:
        self.disconnected = True


def piped(patience_s: float = 10.0) -> tuple[Pipe, Outlet, list[str]]:
    pipe, reports = Pipe(), list[str]()
    protocol: Any = pipe  # as much of one as an outlet needs
    pipe.outlet = outlet = Outlet(protocol, limit=100, patience_s=patience_s)
    outlet.on_slow = lambda: reports.append("slow")
    return pipe, outlet, reports


FRAMES = [b"1", b"2", b"3", b"4", b"5"]


async def test_what_is_poured_waits_for_the_client_and_does_not_make_it_slow() -> None:
    pipe, outlet, reports = piped()
    pouring = asyncio.create_task(outlet.pour(FRAMES))
    for taken in (2, 4):
        await asyncio.sleep(0)
        assert pipe.written == FRAMES[:taken]
        pipe.writable.set()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert await pouring
    assert (pipe.written, reports) == (FRAMES, [])
    outlet.write(b"6")
    assert reports == ["slow"]


async def test_one_pour_that_ends_leaves_the_others_their_patience() -> None:
    pipe, outlet, reports = piped()
    long = asyncio.create_task(outlet.pour(FRAMES))
    await asyncio.sleep(0)
    pipe.writable.set()
    assert await outlet.pour([b"x"])
    assert reports == []
    while not long.done():
        pipe.writable.set()
        await asyncio.sleep(0)
    assert await long
    assert reports == []


async def test_a_pour_that_is_given_up_while_the_client_is_full_leaves_a_slow_client() -> None:
    pipe, outlet, reports = piped()
    pouring = asyncio.create_task(outlet.pour(FRAMES))
    await asyncio.sleep(0)
    pouring.cancel()
    await asyncio.gather(pouring, return_exceptions=True)
    assert not pipe.writable.is_set()
    assert reports == ["slow"]


async def test_nothing_is_written_to_whoever_is_gone() -> None:
    pipe, outlet, reports = piped()
    outlet.on_lost = lambda: reports.append("lost")
    outlet.lost()
    outlet.write(b"1")
    assert await outlet.pour(FRAMES)
    assert (pipe.written, reports) == ([], ["lost"])


async def test_whoever_takes_nothing_is_given_up() -> None:
    pipe, outlet, _ = piped(patience_s=0.01)
    assert not await outlet.pour(FRAMES)
    assert pipe.written == FRAMES[:2]


async def test_a_slow_client_is_reported_once_and_let_go_once() -> None:
    pipe, outlet, reports = piped()
    for frame in FRAMES:
        outlet.write(frame)
    assert reports == ["slow"]
    outlet.abort()
    assert pipe.disconnected
