"""The `websockets` library and its `broadcast()`."""

import asyncio
import sys

import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve

people: set[ServerConnection] = set()


async def room(socket: ServerConnection) -> None:
    people.add(socket)
    try:
        async for text in socket:
            broadcast(people, text)
    finally:
        people.discard(socket)


async def main() -> None:
    async with serve(room, "127.0.0.1", int(sys.argv[1]), compression=None):
        print("ready", flush=True)
        await asyncio.get_running_loop().create_future()


uvloop.run(main())
