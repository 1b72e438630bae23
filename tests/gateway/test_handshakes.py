"""Whoever brings no token takes neither memory nor places from those who do."""

import asyncio
import resource
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from gateway.http_protocol import MAX_REQUEST_BYTES
from tests.gateway.conftest import LocalChat, Serve

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]
UPGRADE = (
    b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
)


@asynccontextmanager
async def streams(local: LocalChat, count: int, sent: bytes = b"") -> AsyncIterator[list[Stream]]:
    """Connections that have sent this, and nothing else."""
    opened = [await asyncio.open_connection("127.0.0.1", local.port) for _ in range(count)]
    try:
        for _, writer in opened:
            writer.write(sent)
        yield opened
    finally:
        for _, writer in opened:
            writer.transport.abort()


async def until_nobody_waits(local: LocalChat) -> None:
    async with asyncio.timeout(20):
        while local.gateway.admission.waiting:  # noqa: ASYNC110  nothing else says so
            await asyncio.sleep(0.02)


async def flood(stream: Stream, start: bytes, part: bytes, most: int) -> tuple[int, bytes]:
    """How much of an endless request is taken, and what is answered."""
    reader, writer = stream
    sent = 0
    try:
        writer.write(start)
        while sent < most and not reader.at_eof():
            writer.write(part)
            sent += len(part)
            await writer.drain()
    except ConnectionError:
        pass
    try:
        async with asyncio.timeout(10):
            return sent, await reader.read()
    except ConnectionError:
        return sent, b""


@pytest.mark.parametrize(
    ("start", "part"),
    [
        (b"GET /ws HTTP/1.1\r\nHost: x\r\n", b"x: " + b"y" * 60_000 + b"\r\n"),
        (b"GET /ws HTTP/1.1\r\nHost: x\r\nx: ", b"y" * 65_536),
        (b"GET /ws HTTP/1.1\r\nHost: x\r\n", b"a: b\r\n" * 10_000),
        (b"GET /ws?", b"y" * 65_536),
        (b"GET /", b"y" * 65_536),
        (b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n", b"y" * 65_536),
        (b"POST /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", b"5\r\nyyyyy\r\n" * 5_000),
        (b"POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"a: " + b"y" * 60_000 + b"\r\n"),
        (UPGRADE, b"x: " + b"y" * 60_000 + b"\r\n"),
    ],
    ids=["headers", "header", "small headers", "query", "path", "body", "chunks", "trailers", "upgrade"],
)  # fmt: skip
async def test_an_endless_request_is_ended_and_takes_no_memory(
    serve: Serve, start: bytes, part: bytes
) -> None:
    async with serve(handshake_seconds=30) as local:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        async with streams(local, 1) as (stream,):
            sent, _ = await flood(stream, start, part, 100_000_000)
        assert sent < 20_000_000, "what the sockets' buffers take"
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30_000, "KiB"
        await until_nobody_waits(local)


async def test_a_request_line_and_headers_may_take_so_much_and_no_more(serve: Serve) -> None:
    async with serve() as local:
        for size, status in ((MAX_REQUEST_BYTES - 1, b"200"), (MAX_REQUEST_BYTES + 1, b"431")):
            start = b"GET /healthz HTTP/1.1\r\nHost: x\r\nx: "
            request = start + b"y" * (size - len(start) - 4) + b"\r\n\r\n"
            async with streams(local, 1, request) as ((reader, _),):
                assert (await reader.readline()).split()[1] == status
        async with streams(local, 1, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 3) as ((reader, _),):
            answers = await reader.readuntil(b"}")
            assert answers.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "sent",
    [
        b"", b"GET /ws HTT", UPGRADE, UPGRADE + b"\r\n", UPGRADE + b"Authorization: bad\r\n\r\n", UPGRADE.replace(b"/ws", b"/ws/rooms/%20") + b"\r\n",
        UPGRADE.replace(b"/ws", b"/nothing") + b"\r\n", b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nyy",
    ],
    ids=["nothing", "half a line", "half a handshake", "no token", "a bad token", "no room", "no path", "half a body"],
)  # fmt: skip
async def test_whoever_brings_no_token_is_ended_in_time(serve: Serve, sent: bytes) -> None:
    async with serve(handshake_seconds=0.3) as local, streams(local, 5, sent) as opened:
        for reader, _ in opened:
            async with asyncio.timeout(10):
                try:
                    while await reader.read(1_000):
                        pass
                except ConnectionError:
                    pass
        await until_nobody_waits(local)
        async with asyncio.timeout(10):
            while local.gateway.clients:  # noqa: ASYNC110  nothing else says so
                await asyncio.sleep(0.02)


async def test_time_that_the_handshake_took_is_not_given_again_for_the_token(serve: Serve) -> None:
    async with serve(handshake_seconds=2) as local, streams(local, 1, UPGRADE) as ((reader, writer),):
        started = asyncio.get_running_loop().time()
        async with asyncio.timeout(10):
            while asyncio.get_running_loop().time() - started < 1.5:
                writer.write(b"x: y\r\n")
                await asyncio.sleep(0.1)
            writer.write(b"\r\n")
            await reader.readuntil(b"\r\n\r\n")
            frame = await reader.read(100)
        assert frame[2:4] == (4401).to_bytes(2, "big")
        assert asyncio.get_running_loop().time() - started < 3.0


@pytest.mark.parametrize(
    "upgrade",
    [
        UPGRADE + b"a: b\r\n" * 200,
        UPGRADE + b"x: " + b"y" * 9_000 + b"\r\n",
        UPGRADE.replace(b"/ws", b"/ws?" + b"y" * 9_000),
    ],
    ids=["headers", "a header", "a query"],
)
async def test_a_handshake_that_is_within_the_limits_of_http_alone_is_answered(
    serve: Serve, upgrade: bytes
) -> None:
    """A WebSocket parser reads it once more, with limits of its own: 128 headers, lines of 8 KB."""
    async with serve(handshake_seconds=30) as local, streams(local, 1, upgrade + b"\r\n") as ((reader, _),):
        async with asyncio.timeout(10):
            answer = await reader.read()
        assert answer.startswith(b"HTTP/1.1 400 ")
        await until_nobody_waits(local)


@pytest.mark.parametrize("sent", [b"", UPGRADE, UPGRADE + b"\r\n"], ids=["nothing", "half", "no token"])
async def test_sixty_silent_clients_keep_nobody_out(serve: Serve, sent: bytes) -> None:
    limits = {"max_connections": 2, "max_unauthenticated": 20, "unauthenticated_per_address": 10}
    async with serve(handshake_seconds=30, **limits) as local, streams(local, 60, sent):
        room = local.room()
        async with local.person("bob", room) as bob:
            await bob.next("subscribed")
            assert local.gateway.admission.waiting <= 10
        async with connect(f"ws://127.0.0.1:{local.port}/ws/rooms/{room}") as socket:
            await socket.send(f'{{"type":"auth","token":"{local.token("bob")}"}}')
            assert '"hello"' in str(await socket.recv())
        assert await local.metric("chat_gateway_displaced_total") >= 50


async def test_an_address_has_so_many_connections_and_no_more(serve: Serve) -> None:
    async with serve(connections_per_address=1, trusted_proxies=1) as local:
        room = local.room()
        headers = {"Authorization": local.token("bob")}
        address = f"ws://127.0.0.1:{local.port}/ws/rooms/{room}"

        def coming_from(*forwarded: str) -> connect:
            return connect(address, additional_headers=[*headers.items(), *(("X-Forwarded-For", each) for each in forwarded)])  # fmt: skip

        async with coming_from("203.0.113.7") as one, coming_from("203.0.113.8") as other:
            assert '"hello"' in str(await one.recv())
            assert '"hello"' in str(await other.recv())
            with pytest.raises(InvalidStatus) as refused:
                async with coming_from("198.51.100.1, 203.0.113.7"):
                    pass
            assert refused.value.response.status_code == 429
        async with coming_from("203.0.113.7") as again:
            assert '"hello"' in str(await again.recv())
