"""A chat without a database: plain functions behind the project's own schema."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from simulator.authorizer import Grant
from simulator.context import Call
from simulator.execution import Api, GraphqlRequest
from simulator.functions import Functions, Handler
from simulator.limits import Limits
from simulator.readings import Readings
from simulator.server import Address, ServerConfig, running

SEND = """
mutation Send($room: ID!, $text: String!) {
  sendMessage(roomId: $room, text: $text) { id roomId senderId text ts seq epoch clientMessageId }
}
"""
WATCH = "subscription Watch($room: ID!, $epoch: Int) { onMessage(roomId: $room, epoch: $epoch) { id text } }"


class NotRoomMember(Exception):
    """The name travels."""


@dataclass
class FakeChat:
    """The functions, and what they were called with. Tokens are user
    ids; "boom" makes the authorizer raise."""

    events: list[tuple[str, Any]] = field(default_factory=list)
    denied: list[str] = field(default_factory=list)
    epoch: int = 1
    release: threading.Event = field(default_factory=threading.Event)
    subscribing: threading.Event = field(default_factory=threading.Event)
    sending: threading.Event = field(default_factory=threading.Event)
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    def authorize(self, event: Any, _context: Any) -> Any:
        self.events.append(("authorizer", event))
        token = event["authorizationToken"].removeprefix("Bearer ")
        if token == "boom":
            raise RuntimeError("keys cannot be fetched")
        return {
            "isAuthorized": token in {"alice", "bob"},
            "resolverContext": {"userId": token},
            "deniedFields": self.denied,
        }

    def send(self, event: Any, _context: Any) -> Any:
        self.events.append(("Mutation.sendMessage", event))
        arguments = event["arguments"]
        if arguments["roomId"] == "closed":
            raise NotRoomMember("not a member [code=NotRoomMember]")
        if arguments["roomId"] == "slow-send":
            self.sending.set()
            self.release.wait(30)
        number = next(self._numbers)
        return {
            "id": f"m{number}",
            "roomId": arguments["roomId"],
            "senderId": event["identity"]["resolverContext"]["userId"],
            "text": arguments["text"],
            "ts": "2026-01-01T00:00:00.000Z",
            "seq": number,
            "epoch": self.epoch,
            "clientMessageId": arguments.get("clientMessageId"),
        }

    def subscribe(self, event: Any, _context: Any) -> Any:
        self.events.append(("Subscription.onMessage", event))
        room = event["arguments"]["roomId"]
        if room == "closed":
            raise NotRoomMember("not a member [code=NotRoomMember]")
        if room == "slow":
            self.subscribing.set()
            self.release.wait(30)

    def messages(self, event: Any, _context: Any) -> Any:
        self.events.append(("Query.messages", event))
        return {"items": [], "nextToken": None, "head": {"seq": 0, "ts": None, "epoch": self.epoch}}

    def handlers(self) -> dict[str, Handler]:
        return {
            "authorizer": self.authorize,
            "Mutation.sendMessage": self.send,
            "Subscription.onMessage": self.subscribe,
            "Query.messages": self.messages,
        }


@pytest.fixture
def schema() -> str:
    return (Path(__file__).parents[2] / "resolvers" / "schema.graphql").read_text()


@pytest.fixture
def chat() -> FakeChat:
    return FakeChat()


@dataclass
class Executor:
    """Executes requests without a wire."""

    api: Api
    denied: frozenset[str] = frozenset()

    def call(self, variables: dict[str, Any]) -> Call:
        return Call(
            {"accept-language": "fr"}, Grant.by_authorizer({"userId": "alice"}, self.denied), variables
        )

    async def ask(self, query: str, variables: dict[str, Any] | None = None, name: str | None = None) -> Any:
        given = variables or {}
        return await self.api.execute(GraphqlRequest(query, given, name), self.call(given))

    async def listen(self, query: str, variables: dict[str, Any] | None = None) -> list[Any]:
        """A list that fills with what a subscriber receives."""
        given = variables or {}
        received: list[Any] = []
        selection = await self.api.subscribe(GraphqlRequest(query, given), self.call(given))
        self.api.subscriptions.add(selection, lambda payload: received.append(json.loads(payload)))
        return received


MakeExecutor = Callable[..., Executor]


@pytest.fixture
def executor(schema: str, chat: FakeChat) -> MakeExecutor:
    def make(
        handlers: dict[str, Handler] | None = None,
        sdl: str = schema,
        limits: Limits | None = None,
        readings: Readings | None = None,
    ) -> Executor:
        functions = Functions(chat.handlers() if handlers is None else handlers, workers=2)
        return Executor(Api(sdl, functions, limits or Limits(), readings))

    return make


@dataclass
class Socket:
    """A client that knows AppSync's frames."""

    ws: aiohttp.ClientWebSocketResponse

    async def send(self, **frame: Any) -> None:
        await self.ws.send_str(json.dumps(frame))

    async def next(self) -> Any:
        """The next frame that is not `ka`; None when the connection is closed."""
        while True:
            message = await asyncio.wait_for(self.ws.receive(), 5)
            if message.type is not aiohttp.WSMsgType.TEXT:
                return None
            frame = json.loads(message.data)
            if frame["type"] != "ka":
                return frame

    async def start(self, id_: str = "1", token: str = "alice", query: str = WATCH, **variables: Any) -> None:
        data = json.dumps({"query": query, "variables": {"room": "lobby", "epoch": 1, **variables}})
        payload = {"data": data, "extensions": {"authorization": {"host": "h", "Authorization": token}}}
        await self.send(id=id_, type="start", payload=payload)

    async def watch(self, id_: str = "1", **variables: Any) -> None:
        await self.start(id_, **variables)
        assert await self.next() == {"id": id_, "type": "start_ack"}


@dataclass
class Client:
    """A client of a running server."""

    address: Address
    http: aiohttp.ClientSession

    async def post(self, body: Any, token: str | None = "alice", **headers: str) -> tuple[int, Any, Any]:
        """Status, JSON and headers of an answer. A body that is neither text nor bytes is sent as JSON."""
        sent = {**({"Authorization": token} if token else {}), **headers}
        data = body if isinstance(body, str | bytes) else json.dumps(body)
        async with self.http.post(self.address.url, data=data, headers=sent) as answer:
            assert answer.content_type == "application/json"
            return answer.status, await answer.json(), answer.headers

    async def send(self, text: str = "hello", room: str = "lobby", token: str = "alice") -> Any:
        _, answer, _ = await self.post({"query": SEND, "variables": {"room": room, "text": text}}, token)
        return answer["data"]["sendMessage"]

    async def health(self) -> dict[str, int]:
        async with self.http.get(self.address.url.replace("/graphql", "/healthz")) as answer:
            return dict(await answer.json())

    async def until(self, **counts: int) -> None:
        """Waits until /healthz gives these counts."""
        async with asyncio.timeout(5):
            while True:
                health = await self.health()
                if {name: health[name] for name in counts} == counts:
                    return
                await asyncio.sleep(0.01)

    @asynccontextmanager
    async def socket(self, token: str = "alice", path: str = "", init: bool = True) -> AsyncIterator[Socket]:
        headers = {"Authorization": token}
        url = self.address.url + path
        async with self.http.ws_connect(url, protocols=["graphql-ws"], headers=headers) as ws:
            socket = Socket(ws)
            if init:
                await socket.send(type="connection_init")
                assert (await socket.next())["type"] == "connection_ack"
            yield socket


Serve = Callable[..., AbstractAsyncContextManager[Client]]


@pytest.fixture
def config(schema: str, chat: FakeChat) -> ServerConfig:
    return ServerConfig(schema=schema, functions=Functions(chat.handlers()), jwks=b'{"keys":["k"]}', port=0)


@pytest.fixture
def serve(config: ServerConfig) -> Serve:
    """Starts a server with some of its configuration changed."""

    @asynccontextmanager
    async def start(**changed: Any) -> AsyncIterator[Client]:
        async with running(replace(config, **changed)) as address, aiohttp.ClientSession() as http:
            yield Client(address, http)

    return start


@pytest.fixture
async def client(serve: Serve) -> AsyncIterator[Client]:
    async with serve() as client:
        yield client
