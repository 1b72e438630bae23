"""A stand-in for AppSync beside the load client, so that the gateway's own work is what is measured.

It speaks AppSync's realtime wire and answers `room` and `changes` from a list of messages. Where it is told to, it loses live
events on purpose: the gateway has to find them in `changes`.
"""

import asyncio
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

TS = "2026-01-01T00:00:00.000Z"


@dataclass
class Stub:
    """`lose`: every so many-th live event does not come."""

    lose: int = 0
    rooms: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    subscriptions: dict[str, list[tuple[web.WebSocketResponse, str]]] = field(default_factory=dict)
    starts: int = 0
    _published: int = 0

    def application(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/graphql", self._graphql)
        app.router.add_get("/graphql/realtime", self._realtime)
        return app

    async def publish(self, room: str, text: str) -> None:
        """Store a message and send it to those who listen."""
        said = self.rooms.setdefault(room, [])
        seq = len(said) + 1
        message = {
            "id": f"01a20732-0000-7000-8000-{seq:012d}", "roomId": room, "roomType": "general", "guildId": None,
            "senderId": "alice", "text": text, "ts": TS, "seq": seq, "epoch": 1,
            "clientMessageId": f"01a20732-0000-7000-8000-{seq:012d}", "rev": None, "editedAt": None, "removedAt": None,
            "version": 1, "attachments": None, "notice": None,
        }  # fmt: skip
        said.append(message)
        self._published += 1
        if self.lose and not self._published % self.lose:
            return
        for socket, subscription in self.subscriptions.get(room, []):
            frame = {"id": subscription, "type": "data", "payload": {"data": {"onMessage": message}}}
            await socket.send_str(json.dumps(frame))

    def _head(self, room: str) -> dict[str, Any]:
        seq = len(self.rooms.get(room, []))
        return {"seq": seq, "ts": TS if seq else None, "epoch": 1, "rev": seq + 1}

    async def _graphql(self, request: web.Request) -> web.Response:
        body = await request.json()
        field_name = next(
            name for name in ("changes", "messages", "heartbeat", "room") if f"{name}(" in body["query"]
        )
        self.asked[field_name] += 1
        variables = body["variables"]
        room = variables.get("room", "")
        if field_name == "room":
            answer: Any = {"roomId": room, "name": None, "head": self._head(room), "me": {"userId": "alice"}}
        elif field_name == "changes":
            since = int(variables["since"]) - 1
            first = int(variables["token"]) if variables.get("token") else since
            items = self.rooms.get(room, [])[first : first + 100]
            token = str(first + 100) if first + 100 < len(self.rooms.get(room, [])) else None
            answer = {"items": items, "nextToken": token, "head": self._head(room), "reset": False}
        else:
            answer = {"everySeconds": 30, "rooms": []}
        return web.json_response({"data": {field_name: answer}})

    async def _realtime(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=("graphql-ws",), compress=False)
        await socket.prepare(request)
        mine: list[tuple[str, tuple[web.WebSocketResponse, str]]] = []
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                break
            frame = json.loads(message.data)
            if frame["type"] == "connection_init":
                await socket.send_json(
                    {"type": "connection_ack", "payload": {"connectionTimeoutMs": 300_000}}
                )
                await socket.send_json({"type": "ka"})
            elif frame["type"] == "start":
                self.starts += 1
                room = json.loads(frame["payload"]["data"])["variables"]["room"]
                entry = (socket, frame["id"])
                self.subscriptions.setdefault(room, []).append(entry)
                mine.append((room, entry))
                await socket.send_json({"id": frame["id"], "type": "start_ack"})
        for room, entry in mine:
            self.subscriptions[room].remove(entry)
        return socket


async def serve(stub: Stub) -> tuple[web.AppRunner, int]:
    """The stub's server and its port."""
    runner = web.AppRunner(stub.application(), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    return runner, int(runner.addresses[0][1])


async def pause() -> None:
    await asyncio.sleep(0)
