"""Whoever sends no whole request is ended in time, and keeps nobody out meanwhile."""

import asyncio
from contextlib import suppress

import pytest

from simulator.limits import Limits
from tests.simulator.conftest import Serve

HALF_BODY = b"POST /graphql HTTP/1.1\r\nHost: x\r\nAuthorization: x\r\nContent-Length: 9\r\n\r\nyy"


@pytest.mark.parametrize("sent", [b"", b"POST /gra", b"POST /graphql HTTP/1.1\r\nHost: x\r\n", HALF_BODY])
async def test_sixty_that_send_half_a_request_are_ended_and_keep_nobody_out(
    serve: Serve, sent: bytes
) -> None:
    async with serve(limits=Limits(handshake=0.3)) as client:
        opened = [await asyncio.open_connection("127.0.0.1", client.address.port) for _ in range(60)]
        for _, writer in opened:
            writer.write(sent)
        async with client.http.get(f"http://127.0.0.1:{client.address.port}/healthz") as answer:
            assert answer.status == 200
        for reader, writer in opened:
            async with asyncio.timeout(10):
                with suppress(ConnectionError):
                    await reader.read(1)
            writer.transport.abort()


async def test_a_connection_that_is_used_again_after_a_while_is_not_taken_for_a_silent_one(
    serve: Serve,
) -> None:
    request = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    async with serve(limits=Limits(handshake=0.2)) as client:
        reader, writer = await asyncio.open_connection("127.0.0.1", client.address.port)
        silent, silent_writer = await asyncio.open_connection("127.0.0.1", client.address.port)
        writer.write(request)
        assert b" 200 " in await reader.readuntil(b"}")
        assert await silent.read() == b"", "which came later, and has been ended by now"
        silent_writer.close()
        writer.write(request)
        assert b" 200 " in await reader.readuntil(b"}")
        writer.transport.abort()


async def test_headers_without_an_end_are_not_kept(serve: Serve) -> None:
    async with serve() as client:
        reader, writer = await asyncio.open_connection("127.0.0.1", client.address.port)
        writer.write(b"POST /graphql HTTP/1.1\r\nHost: x\r\n")
        sent = 0
        with suppress(ConnectionError):
            while sent < 100_000_000 and not reader.at_eof():
                writer.write(b"x: " + b"y" * 60_000 + b"\r\n")
                sent += 60_005
                await writer.drain()
        assert sent < 50_000_000
        writer.transport.abort()
