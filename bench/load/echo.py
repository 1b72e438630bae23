"""A server that answers and publishes each send at once, on the wire of `proving/mappings/sample.toml`:
`python -m bench.load.echo` prints its port."""

import asyncio
import json
import re
import sys
from typing import Any

from aiohttp import WSMsgType, web

FIELD = re.compile(r"\{\s*(\w+)")


class Echo:
    """Each room's messages, and who listens."""

    def __init__(self) -> None:
        self.messages: dict[str, list[dict[str, Any]]] = {}
        self.listening: dict[str, dict[tuple[web.WebSocketResponse, str], None]] = {}

    async def post(self, request: web.Request) -> web.Response:
        asked = json.loads(await request.read())
        found = FIELD.search(asked["query"])
        if found is None:
            raise web.HTTPBadRequest
        return web.json_response({"data": {found[1]: await self.answer(found[1], asked["variables"])}})

    async def answer(self, name: str, given: dict[str, Any]) -> Any:
        """A field's. The other mutations are done as soon as they are asked for."""
        room = str(given.get("room", given.get("name")))
        if name == "createConversation":
            self.messages[room] = []
        if name in ("allMessageConnection", "allMessageSince"):
            return self.page(name, room, given)
        if name != "createMessage":
            return {"id": room, "userId": given.get("user")}
        message = {"id": given["key"], "conversationId": room, "sender": "ann", "content": given["text"]}
        message["createdAt"] = given["clock"]
        self.messages[room].append(message)
        await self.publish(room, message)
        return message

    def page(self, name: str, room: str, given: dict[str, Any]) -> dict[str, Any]:
        found, limit = self.messages[room], given["limit"]
        if name == "allMessageSince":
            first = 1 + next(n for n, each in enumerate(found) if each["id"] == given["after"])
        else:
            found, first = found[::-1], 0
        first += int(given.get("cursor") or 0)
        ends = first + limit
        token = str(int(given.get("cursor") or 0) + limit) if ends < len(found) else None
        return {"messages": found[first:ends], "nextToken": token}

    async def publish(self, room: str, message: dict[str, Any]) -> None:
        payload = json.dumps({"data": {"subscribeToNewMessage": message}})
        for socket, id_ in list(self.listening.get(room, {})):
            if not socket.closed:
                await socket.send_str(f'{{"type":"data","id":"{id_}","payload":{payload}}}')

    async def listen(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=("graphql-ws",), compress=False)
        await socket.prepare(request)
        mine: list[tuple[str, str]] = []
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                continue
            frame = json.loads(message.data)
            if frame["type"] == "connection_init":
                await socket.send_json(
                    {"type": "connection_ack", "payload": {"connectionTimeoutMs": 300_000}}
                )
            if frame["type"] == "start":
                mine.append((json.loads(frame["payload"]["data"])["variables"]["room"], frame["id"]))
                self.listening.setdefault(mine[-1][0], {})[socket, frame["id"]] = None
                await socket.send_json({"type": "start_ack", "id": frame["id"]})
        for room, id_ in mine:
            del self.listening[room][socket, id_]
        return socket


async def serve() -> None:
    echo, application = Echo(), web.Application()
    application.router.add_post("/graphql", echo.post)
    application.router.add_get("/graphql/realtime", echo.listen)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    address: Any = runner.addresses[0]
    print(address[1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    try:
        asyncio.run(serve())
    except KeyboardInterrupt:
        sys.exit(0)
