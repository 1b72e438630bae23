"""Clients that vanish, stall or fall behind harm nobody else."""

import asyncio
import json
import socket as sockets
from typing import Any

from simulator.limits import Limits


async def test_sockets_that_are_cut_without_a_close_frame_are_cleaned_up(client: Any) -> None:
    async with client.socket() as kept:
        await kept.watch()
        for _ in range(5):
            async with client.socket() as cut:
                await cut.watch()
                cut.ws._response.connection.transport.abort()  # noqa: SLF001
        await client.until(connections=1, subscriptions=1)
        await client.send("on")
        assert (await kept.next())["payload"]["data"]["onMessage"]["text"] == "on"


async def test_a_peer_that_leaves_pings_unanswered_is_disconnected(serve: Any) -> None:
    async with serve(limits=Limits(ping=1)) as client, client.socket() as idle:
        await idle.watch()
        silent = await _silent_subscriber(client)
        await client.until(connections=2)
        reading = asyncio.create_task(idle.next())
        await client.until(connections=1, subscriptions=1)
        silent.close()
        await client.send()
        assert (await reading)["type"] == "data"


async def test_a_subscriber_that_does_not_read_is_cut_off_and_delays_nobody(serve: Any) -> None:
    limits = Limits(backlog_frames=20)
    async with serve(limits=limits) as client, client.socket() as good:
        await good.watch()
        silent = await _silent_subscriber(client)
        await client.until(subscriptions=2)
        sent = 0
        async with asyncio.timeout(60):
            while (await client.health())["subscriptions"] == 2:
                await client.send("x" * 100_000)
                sent += 1
                assert (await good.next())["payload"]["data"]["onMessage"]["id"] == f"m{sent}"
        silent.close()
        await client.until(connections=1)


async def _silent_subscriber(client: Any) -> sockets.socket:
    """Handshake and start by hand, on a socket that nobody reads from."""
    address = client.address
    data = json.dumps({"query": 'subscription { onMessage(roomId: "lobby") { id text } }'})
    start = {
        "type": "start",
        "id": "1",
        "payload": {"data": data, "extensions": {"authorization": {"Authorization": "alice"}}},
    }
    text = json.dumps(start).encode()
    frame = b"\x81" + bytes([0x80 | 126]) + len(text).to_bytes(2, "big") + b"\0\0\0\0" + text
    request = (
        f"GET /graphql HTTP/1.1\r\nHost: {address.host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        "Sec-WebSocket-Protocol: graphql-ws\r\nAuthorization: alice\r\n\r\n"
    )
    silent = sockets.socket()
    silent.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
    silent.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(silent, (address.host, address.port))
    await loop.sock_sendall(silent, request.encode() + frame)
    return silent


async def test_a_burst_to_many_subscriptions_of_a_connection_that_reads_is_delivered(serve: Any) -> None:
    async with serve(limits=Limits(backlog_frames=10)) as client, client.socket() as socket:
        for number in range(50):
            await socket.watch(str(number))
        await client.send()
        assert {(await socket.next())["id"] for _ in range(50)} == {str(number) for number in range(50)}
