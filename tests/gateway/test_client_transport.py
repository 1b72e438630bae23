"""A client is written to without waiting, or at its own pace."""

import asyncio
from typing import Any

from gateway.client_transport import ClientTransport


class Pipe:
    """A transport: after each two frames it is full until `writable` is set."""

    def __init__(self) -> None:
        self.writable = asyncio.Event()
        self.writable.set()
        self.is_aborted = False
        self.written: list[bytes] = []
        self.client: ClientTransport | None = None

    def set_write_buffer_limits(self, high: int) -> None:
        self.high = high

    def write(self, frame: bytes) -> None:
        self.written.append(frame)
        if len(self.written) % 2 == 0:
            self.writable.clear()
            if self.client is not None:
                self.client.slow()

    def abort(self) -> None:
        self.is_aborted = True


def piped(timeout_s: float = 10.0) -> tuple[Pipe, ClientTransport, list[str]]:
    pipe, reports = Pipe(), list[str]()
    transport: Any = pipe  # as much of one as is needed
    pipe.client = client = ClientTransport(transport, pipe.writable, 100, lambda: None, timeout_s)
    client.on_slow = lambda: reports.append("slow")
    return pipe, client, reports


FRAMES = [b"1", b"2", b"3", b"4", b"5"]


async def test_paced_writing_waits_for_the_client_and_does_not_make_it_slow() -> None:
    pipe, client, reports = piped()
    writing = asyncio.create_task(client.write_paced(FRAMES))
    for taken in (2, 4):
        await asyncio.sleep(0)
        assert pipe.written == FRAMES[:taken]
        pipe.writable.set()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert await writing
    assert (pipe.written, reports) == (FRAMES, [])
    client.write(b"6")
    assert reports == ["slow"]


async def test_one_paced_write_that_ends_leaves_the_others_their_pace() -> None:
    pipe, client, reports = piped()
    long = asyncio.create_task(client.write_paced(FRAMES))
    await asyncio.sleep(0)
    pipe.writable.set()
    assert await client.write_paced([b"x"])
    assert reports == []
    while not long.done():
        pipe.writable.set()
        await asyncio.sleep(0)
    assert await long
    assert reports == []


async def test_a_paced_write_that_is_given_up_while_the_client_is_full_leaves_a_slow_client() -> None:
    pipe, client, reports = piped()
    writing = asyncio.create_task(client.write_paced(FRAMES))
    await asyncio.sleep(0)
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    assert not pipe.writable.is_set()
    assert reports == ["slow"]


async def test_nothing_is_written_to_whoever_is_gone() -> None:
    pipe, client, reports = piped()
    client.on_lost = lambda: reports.append("lost")
    client.lost()
    client.write(b"1")
    client.abort()
    assert await client.write_paced(FRAMES)
    assert (pipe.written, pipe.is_aborted, reports) == ([], False, ["lost"])


async def test_whoever_takes_nothing_is_given_up() -> None:
    pipe, client, _ = piped(timeout_s=0.01)
    assert not await client.write_paced(FRAMES)
    assert pipe.written == FRAMES[:2]


async def test_a_slow_client_is_reported_once_and_let_go_once() -> None:
    pipe, client, reports = piped()
    for frame in FRAMES:
        client.write(frame)
    assert reports == ["slow"]
    client.abort()
    assert pipe.is_aborted
