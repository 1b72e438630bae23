"""The gateway in front of the simulator, with the real functions behind it, all in one event loop; clients
are `websockets`'."""

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
import uvloop
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from chat.rules.models import Caller, Role
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.new_room import add_room
from chat_lambda import compose
from gateway.documents import Document
from gateway.process import Gateway
from gateway.server import Server
from gateway.settings import Settings
from simulator.functions import Functions, functions_from_wiring
from simulator.keys import AUDIENCE, ISSUER, SigningKey
from simulator.server import Address, ServerConfig
from simulator.settings import WIRING
from tests.guarantees.support.publishing import running_as

FAST = {"personPerSecond": 1000, "personBurst": 1000, "roomPerSecond": 1000, "roomBurst": 1000}
MESSAGE = "id roomId senderId text ts seq epoch clientMessageId rev version editedAt removedAt"
NOTICE = "id roomId senderId ts epoch notice { kind userId nextEpoch rev }"


@dataclass
class Person:
    """A client of the gateway."""

    socket: ClientConnection
    frames: list[dict[str, Any]] = field(default_factory=list)

    async def sends(self, **frame: Any) -> None:
        await self.socket.send(json.dumps(frame))

    async def next(self, kind: str | None = None) -> dict[str, Any]:
        """The next frame, or the next of this type. What is passed over stays in `frames`."""
        async with asyncio.timeout(20):
            while True:
                frame: dict[str, Any] = json.loads(await self.socket.recv())
                self.frames.append(frame)
                if kind in (None, frame["type"]):
                    return frame

    async def closed(self) -> tuple[int, str]:
        """The close code and reason."""
        end = await self._end()
        assert end.rcvd is not None
        return end.rcvd.code, end.rcvd.reason

    async def _end(self) -> ConnectionClosed:
        async with asyncio.timeout(20):
            while True:
                try:
                    self.frames.append(json.loads(await self.socket.recv()))
                except ConnectionClosed as end:
                    return end

    def seqs(self) -> list[int]:
        return [frame["message"]["seq"] for frame in self.frames if frame["type"] == "message"]


@dataclass
class LocalChat:
    """The API and the gateway, and people's tokens."""

    api: Address
    gateway: Gateway
    port: int
    key: SigningKey
    http: aiohttp.ClientSession

    def token(self, user: str, ttl: int = 3_600, roles: tuple[str, ...] = ()) -> str:
        return self.key.mint(user, now=int(time.time()), ttl=ttl, roles=roles)

    @asynccontextmanager
    async def person(
        self,
        user: str,
        room: str | None = None,
        since: object = None,
        token: str | None = None,
        device: str | None = None,
        **options: Any,
    ) -> AsyncIterator[Person]:
        """A connected client, which sent its token."""
        path = "/ws" if room is None else f"/ws/rooms/{room.replace('#', '%23')}"
        given = {"since": since, "deviceId": device}
        query = "?" + urlencode({name: value for name, value in given.items() if value is not None})
        headers = {"Authorization": token or self.token(user)}
        async with connect(
            f"ws://127.0.0.1:{self.port}{path}{query}",
            additional_headers=headers,
            compression=None,
            max_queue=None,
            **options,
        ) as socket:
            yield Person(socket)

    async def ask(self, user: str, document: Document | str, **variables: Any) -> Any:
        """The value of the document's field; asserts that nothing was refused."""
        body = {"query": str(document), "variables": variables}
        headers = {"Authorization": self.token(user)}
        async with self.http.post(self.api.url, json=body, headers=headers) as answer:
            result = await answer.json()
        assert "errors" not in result, result
        return next(iter(result["data"].values()))

    async def send(self, user: str, room: str, *texts: str) -> list[dict[str, Any]]:
        document = f"mutation ($room: ID!, $text: String!) {{ sendMessage(roomId: $room, text: $text) {{ {MESSAGE} }} }}"
        return [await self.ask(user, document, room=room, text=text) for text in texts]

    def room(self, **members: Role) -> str:
        room_id = f"r-{uuid.uuid4()}"
        found = members or {"alice": "owner", "bob": "member"}
        assert add_room(compose.deployment().store, Room.parse(room_id), found, FAST)
        return room_id

    def room_of(self, owner: str, *members: str) -> str:
        roles: dict[str, Role] = {owner: "owner"}
        for member in members:
            roles[member] = "member"
        return self.room(**roles)

    async def metric(self, name: str) -> float:
        """The sum of a metric's samples."""
        async with self.http.get(f"http://127.0.0.1:{self.port}/metrics") as answer:
            text = await answer.text()
        lines = [line for line in text.splitlines() if line.startswith((f"{name} ", f"{name}{{"))]
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines)


Serve = Callable[..., AbstractAsyncContextManager[LocalChat]]


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[..., Any]]:
    """The loop that the gateway runs on: it differs from asyncio's own where connections end."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture(scope="session")
def functions(functions_environ: None) -> Functions:
    return functions_from_wiring(json.loads(WIRING.read_text(encoding="utf-8")))


@asynccontextmanager
async def served(gateway: Gateway) -> AsyncIterator[int]:
    """The gateway's port, while it serves."""
    server = Server(gateway)
    serving = asyncio.create_task(server.serve())
    try:
        async with asyncio.timeout(20):
            while not server.started:  # noqa: ASYNC110  uvicorn has no event for it
                await asyncio.sleep(0.01)
        yield server.port
    finally:
        server.should_exit = True
        await serving


@pytest.fixture
def service_token(key: SigningKey, tmp_path: Path) -> Path:
    """The gateway's own token, in its file."""
    file = tmp_path / "gateway.token"
    file.write_text(key.mint("gateway", now=int(time.time()), ttl=3_600, roles=("gateway",)))
    return file


@pytest.fixture
def serve(
    functions: Functions, key: SigningKey, service_token: Path, publishing: str, tmp_path: Path
) -> Serve:
    """Starts the API and a gateway, with some of its settings changed."""

    @asynccontextmanager
    async def start(**changed: Any) -> AsyncIterator[LocalChat]:
        config = ServerConfig(schema="", functions=functions, jwks=key.jwks, port=0)
        async with running_as(publishing, config, tmp_path, key) as api, aiohttp.ClientSession() as http:
            gateway = new_gateway(api, service_token, changed)
            async with served(gateway) as port:
                yield LocalChat(api, gateway, port, key, http)

    return start


@pytest.fixture
def another(key: SigningKey, service_token: Path) -> Serve:
    """Another process before the same chat, which has seen nothing."""

    @asynccontextmanager
    async def start(local: LocalChat, **changed: Any) -> AsyncIterator[LocalChat]:
        gateway = new_gateway(local.api, service_token, changed)
        async with served(gateway) as port:
            yield LocalChat(local.api, gateway, port, key, local.http)

    return start


def unpublished(verb: Callable[..., Any], user: str, **arguments: object) -> Any:
    """Do it beside AppSync, which therefore delivers nothing, as when it loses an event."""
    return verb(compose.deployment(), Caller(user), arguments, Tally())


def new_gateway(api: Address, token: Path, changed: Mapping[str, Any]) -> Gateway:
    """People's own events come between others, where the API publishes them: tests of rooms do without."""
    given = {
        "appsync_url": api.url,
        "service_token": f"file:{token}",
        "port": 0,
        "jwt_issuer": ISSUER,
        "jwt_audience": AUDIENCE,
        "jwt_jwks_url": api.url.replace("/graphql", "/.well-known/jwks.json"),
        "drain_seconds": 0.5,
        "frames_per_second": 1_000,
        "personal_events": False,
        **changed,
    }
    settings = Settings.model_validate(given)
    return Gateway(settings)
