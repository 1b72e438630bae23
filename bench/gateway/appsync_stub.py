"""A stand-in for AppSync beside the load client, so that the gateway's own work is what is measured.

`Stub` keeps messages; `StubServer` speaks AppSync's realtime wire before it, and may be stopped and started
while messages go on being stored. If asked to, it loses live events on purpose: the gateway has to find them
in `changes`.
"""

import json
import time
from bisect import bisect_right
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from chat.rules.instants import from_wire, to_wire

PAGE = 100


@dataclass
class Stub:
    """`lose`: every so many-th live event does not come. `starts`: subscriptions that were made; `asked`:
    requests, by field."""

    lose: int = 0
    rooms: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    subscriptions: dict[str, list[tuple[web.WebSocketResponse, str]]] = field(default_factory=dict)
    starts: int = 0
    _published: int = 0

    async def publish(self, room: str, text: str) -> None:
        """Store a message and send it to those who subscribed."""
        message = self.store(room, text)
        self._published += 1
        if self.lose and not self._published % self.lose:
            return
        for socket, subscription in list(self.subscriptions.get(room, [])):
            frame = {"id": subscription, "type": "data", "payload": {"data": {"onMessage": message}}}
            with suppress(ConnectionError):  # who has gone reads it later
                await socket.send_str(json.dumps(frame))

    def store(self, room: str, text: str) -> dict[str, Any]:
        """The next message of the room: later than all before it, as the chat has it."""
        messages = self.rooms.setdefault(room, [])
        seq, ms = len(messages) + 1, time.time_ns() // 1_000_000
        ts = to_wire(max(ms, from_wire(messages[-1]["ts"])[0] + 1) if messages else ms)
        message = {
            "id": f"01a20732-0000-7000-8000-{seq:012d}", "roomId": room, "roomType": "general", "guildId": None,
            "senderId": "alice", "text": text, "ts": ts, "seq": seq, "epoch": 1,
            "clientMessageId": f"01a20732-0000-7000-8000-{seq:012d}", "rev": None, "editedAt": None, "removedAt": None,
            "version": 1, "attachments": None, "notice": None,
        }  # fmt: skip
        messages.append(message)
        return message

    @property
    def history_reads(self) -> int:
        return self.asked["changes"] + self.asked["messages"]

    def answer(self, name: str, variables: dict[str, Any]) -> dict[str, Any]:
        """The value of a field. Nothing is ever edited here, so `changes` are the messages after an
        instant."""
        self.asked[name] += 1
        room = variables.get("room", "")
        messages = self.rooms.get(room, [])
        seq = len(messages)
        head = {"seq": seq, "ts": messages[-1]["ts"] if messages else None, "epoch": 1, "rev": seq + 1}
        if name == "room":
            return {"roomId": room, "name": None, "head": head, "me": {"userId": "alice"}}
        if name == "heartbeat":
            return {"everySeconds": 30, "rooms": []}
        after, token = variables.get("after"), variables.get("token")
        if name == "changes":
            start = bisect_right(messages, after, key=lambda each: str(each["ts"])) if after else 0
            items = messages
        else:
            start, items = 0, messages[::-1]
        first = int(token) if token else start
        following = str(first + PAGE) if first + PAGE < seq else None
        return {"items": items[first : first + PAGE], "nextToken": following, "head": head, "reset": False}


class StubServer:
    """AppSync's wire before a stub. After `stop` it starts again on the same port."""

    def __init__(self, stub: Stub) -> None:
        self._stub = stub
        self.port = 0

    async def start(self) -> None:
        app = web.Application()
        app.router.add_post("/graphql", self._graphql)
        app.router.add_get("/graphql/realtime", self._realtime)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.05)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        self.port = int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Connections end with it, without a word."""
        await self._runner.cleanup()

    async def _graphql(self, request: web.Request) -> web.Response:
        body = await request.json()
        name = next(
            name for name in ("changes", "messages", "heartbeat", "room") if f"{name}(" in body["query"]
        )
        return web.json_response({"data": {name: self._stub.answer(name, body["variables"])}})

    async def _realtime(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=("graphql-ws",), compress=False)
        await socket.prepare(request)
        mine: list[tuple[str, tuple[web.WebSocketResponse, str]]] = []
        try:
            async for incoming in socket:
                if incoming.type is WSMsgType.TEXT:
                    await self._receive(socket, json.loads(incoming.data), mine)
        finally:
            for room, entry in mine:
                self._stub.subscriptions[room].remove(entry)
        return socket

    async def _receive(
        self,
        socket: web.WebSocketResponse,
        frame: dict[str, Any],
        mine: list[tuple[str, tuple[web.WebSocketResponse, str]]],
    ) -> None:
        if frame["type"] == "connection_init":
            await socket.send_json({"type": "connection_ack", "payload": {"connectionTimeoutMs": 300_000}})
            await socket.send_json({"type": "ka"})
        elif frame["type"] == "start":
            room = json.loads(frame["payload"]["data"])["variables"]["room"]
            entry = (socket, frame["id"])
            self._stub.starts += 1
            self._stub.subscriptions.setdefault(room, []).append(entry)
            mine.append((room, entry))
            await socket.send_json({"id": frame["id"], "type": "start_ack"})
        elif frame["type"] == "stop":
            for room, entry in [each for each in mine if each[1][1] == frame["id"]]:
                mine.remove((room, entry))
                self._stub.subscriptions[room].remove(entry)
