"""AppSync's HTTP and WebSocket in front of the sample, as far as the checks ask of it."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from proving.servers.api import BadRequest, Subscribed, answer, subscribe
from proving.servers.store import Store

REFUSED = {"errorType": "UnauthorizedException", "message": "You are not authorized to make this call."}
PATHS = ("/graphql", "/graphql/realtime")


@dataclass(eq=False, slots=True)
class Socket:
    """A connection, with its subscriptions and whose they are."""

    socket: web.WebSocketResponse
    live: dict[str, tuple[str, Subscribed]] = field(default_factory=dict)

    async def send(self, type_: str, id_: str | None = None, payload: Any = None) -> None:
        frame = {"type": type_, "id": id_, "payload": payload}
        with suppress(ConnectionError):
            await self.socket.send_json({name: value for name, value in frame.items() if value is not None})


@dataclass(eq=False, slots=True)
class Server:
    """`tokens`: whose each is."""

    store: Store
    tokens: Mapping[str, str]
    sockets: list[Socket] = field(default_factory=list)
    kind: type[Socket] = Socket

    def application(self) -> web.Application:
        made = web.Application(client_max_size=2 * 1024 * 1024)
        for path in PATHS:
            made.router.add_get(path, self.listen)
        made.router.add_post(PATHS[0], self.post)
        return made

    async def post(self, request: web.Request) -> web.Response:
        user = self.tokens.get(request.headers.get("authorization", ""))
        if user is None:
            return web.json_response({"errors": [REFUSED]}, status=401)
        try:
            query, variables, name = _request(await request.read())
            told, published = await answer(self.store, user, query, variables, name)
        except BadRequest as error:
            wrong = {"errorType": error.error_type, "message": str(error)}
            return web.json_response({"errors": [wrong]}, status=400)
        for message in published:
            await self._publish(message)
        return web.json_response(told)

    async def _publish(self, message: Mapping[str, Any]) -> None:
        """To the subscriptions whose argument equals the mutation's answer, where the design lets them hear it."""
        for socket in list(self.sockets):
            for id_, (user, live) in list(socket.live.items()):
                if live.conversation_id == message.get("conversationId") and self.store.may_hear(
                    user, live.conversation_id
                ):
                    await socket.send("data", id_, live.payload(message))

    async def listen(self, request: web.Request) -> web.WebSocketResponse:
        opened = web.WebSocketResponse(protocols=("graphql-ws",), compress=False)
        await opened.prepare(request)
        socket = self.kind(opened)
        self.sockets.append(socket)
        try:
            is_known = _credentials(request) in self.tokens
            async for message in opened:
                if message.type is WSMsgType.TEXT:
                    if not is_known:
                        await socket.send(
                            "connection_error", None, {"errors": [REFUSED | {"errorCode": 401}]}
                        )
                        break
                    await self._frame(socket, json.loads(message.data))
        finally:
            self.sockets.remove(socket)
        return opened

    async def _frame(self, socket: Socket, frame: Any) -> None:
        match frame:
            case {"type": "connection_init"}:
                await socket.send("connection_ack", None, {"connectionTimeoutMs": 300_000})
                await socket.send("ka")
            case {"type": "stop", "id": str(id_)}:
                socket.live.pop(id_, None)
                await socket.send("complete", id_)
            case {"type": "start", "id": str(id_), "payload": {"data": str(data), "extensions": extensions}}:
                await self._start(socket, id_, json.loads(data), extensions)

    async def _start(self, socket: Socket, id_: str, asked: Any, extensions: Any) -> None:
        user = self.tokens.get(extensions.get("authorization", {}).get("Authorization", ""))
        if user is None:
            await socket.send("error", id_, {"errors": [REFUSED]})
            return
        found = subscribe(self.store, user, asked["query"], asked.get("variables") or {})
        if isinstance(found, Subscribed):
            socket.live[id_] = user, found
            await socket.send("start_ack", id_)
        else:
            await socket.send("error", id_, {"errors": found})


def _request(body: bytes) -> tuple[str, Mapping[str, Any], str | None]:
    """Raises `BadRequest`."""
    try:
        asked = json.loads(body)
        return str(asked["query"]), dict(asked.get("variables") or {}), asked.get("operationName")
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BadRequest("MalformedHttpRequestException", "Unable to parse GraphQL query.") from None


def _credentials(request: web.Request) -> str:
    """The token of a handshake, from the entry `header-…` among its subprotocols."""
    for offered in request.headers.get("sec-websocket-protocol", "").split(","):
        _, found, text = offered.strip().partition("header-")
        if found:
            with suppress(ValueError, AttributeError):
                padded = text + "=" * (-len(text) % 4)
                return str(json.loads(base64.urlsafe_b64decode(padded)).get("Authorization", ""))
    return request.headers.get("authorization", "")


@asynccontextmanager
async def serving(server: Server, port: int = 0) -> AsyncIterator[str]:
    """The address of GraphQL, on this machine alone, as long as the block lasts."""
    runner = web.AppRunner(server.application(), shutdown_timeout=1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        bound: Any = runner.addresses[0]
        yield f"http://127.0.0.1:{bound[1]}/graphql"
    finally:
        for socket in list(server.sockets):
            await socket.socket.close()
        await asyncio.shield(runner.cleanup())
