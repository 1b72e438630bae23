"""The API as `make run` composes it, served within the tests' process over HTTP and WebSocket: its functions, its modes
and its schema, in either way to publish."""

import asyncio
import io
import json
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from chat.rules.published import PUBLISH_DOCUMENT
from chat_lambda.settings import settings
from schema import generate
from simulator.access import credentials, local_access, refused_tokens
from simulator.auth.access_keys import AccessKeys
from simulator.auth.signing import Authorize, signer
from simulator.functions import functions_from_wiring
from simulator.keys import SigningKey, kept, private_pem, signing_key
from simulator.ports import free_port
from simulator.run import schema_of
from simulator.server import ServerConfig, running
from simulator.settings import REGION, WIRING, Settings, read

FIELDS = "id roomId senderId text ts seq epoch clientMessageId"
PATIENCE_S = 20


@dataclass(eq=False)
class Served:
    """A running API. `host`: its address and port."""

    settings: Settings
    host: str
    http: aiohttp.ClientSession

    def token(self, user: str, mode: str = "", **options: str) -> str:
        """What `make token` prints. `mode`: by which of AUTH; none: for our own authorizer alone."""
        if not mode:
            return signing_key(self.settings.keys).mint(user, now=int(time.time()), ttl=600, **options)
        given = {
            "state": self.settings.state,
            "port": self.host.partition(":")[2],
            "auth": mode,
            "user": user,
            **options,
        }
        flags = [f"--{name.replace('_', '-')}={value}" for name, value in given.items()]
        return credentials(read(["token", *flags, "--ttl=600"], {}), int(time.time()))

    def key(self, user: str) -> dict[str, Any]:
        """An access key of this machine, also where IAM is no mode for people."""
        keys = AccessKeys(self.settings.keys, signing_key(self.settings.keys))
        return dict(keys.credentials(user, now=int(time.time()), ttl=600))

    async def ask(self, by: str | dict[str, Any], query: str, **variables: Any) -> dict[str, Any]:
        """What is answered to a token, or to an access key, and under `status` how."""
        return await self._post(by, {"query": query, "variables": variables})

    async def ask_for(
        self, by: str | dict[str, Any], query: str, operation: str, variables: dict[str, Any]
    ) -> dict[str, Any]:
        """The same for one of several operations."""
        return await self._post(by, {"query": query, "variables": variables, "operationName": operation})

    async def _post(self, by: str | dict[str, Any], request: dict[str, Any]) -> dict[str, Any]:
        body = json.dumps(request)
        headers = (
            {"Authorization": by} if isinstance(by, str) else signer(by, REGION, self.host)("/graphql", body)
        )
        async with self.http.post(f"http://{self.host}/graphql", data=body, headers=headers) as answer:
            return {"status": answer.status, **await answer.json()}

    async def publish(self, message: dict[str, Any], by: str = "publisher") -> dict[str, Any]:
        """What the stream's reader does."""
        return await self.ask(self.key(by), PUBLISH_DOCUMENT, message=json.dumps(message))

    def _signer(self, by: str | dict[str, Any]) -> Authorize:
        if isinstance(by, str):
            token = {"host": self.host, "Authorization": by}
            return lambda _path, _body: token
        return signer(by, REGION, self.host)

    @asynccontextmanager
    async def listening(self, by: str | dict[str, Any]) -> AsyncIterator["Listener"]:
        sign = self._signer(by)
        async with self.http.ws_connect(
            f"ws://{self.host}/graphql/realtime",
            protocols=["graphql-ws"],
            headers=sign("/graphql/connect", "{}"),
        ) as socket:
            listener = Listener(socket, sign)
            await socket.send_json({"type": "connection_init"})
            reading = asyncio.create_task(listener.read())
            try:
                yield listener
            finally:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)


@dataclass(eq=False)
class Listener:
    """A client of the realtime protocol. `heard`: each event, with the id of its subscription, in their order."""

    socket: aiohttp.ClientWebSocketResponse
    sign: Authorize
    heard: list[tuple[str, Any]] = field(default_factory=list)
    frames: list[Any] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def read(self) -> None:
        async for message in self.socket:
            frame = json.loads(message.data)
            self.frames.append(frame)
            if frame["type"] == "data":
                (event,) = frame["payload"]["data"].values()
                self.heard.append((frame["id"], event))
            self._news.set()

    async def start(self, id_: str, query: str, **variables: Any) -> Any:
        """Subscribes, and gives the frame that answers it."""
        data = json.dumps({"query": query, "variables": variables})
        payload = {"data": data, "extensions": {"authorization": self.sign("/graphql", data)}}
        await self.socket.send_json({"type": "start", "id": id_, "payload": payload})
        return await self.until(
            lambda: next(
                (each for each in self.frames if each.get("id") == id_ and each["type"] != "data"), None
            )
        )

    async def until(self, found: Any) -> Any:
        """What a condition gives as soon as it gives something."""
        async with asyncio.timeout(PATIENCE_S):
            while not (answer := found()):
                self._news.clear()
                await self._news.wait()
            return answer


@contextmanager
def environment(told: dict[str, str], publish: str) -> Iterator[None]:
    """The functions' settings, which they read anew."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PUBLISH", publish)
        if told:
            for name in [name for name in os.environ if name.startswith("JWT_")]:
                patch.delenv(name)
        for name, value in told.items():
            patch.setenv(name, value)
        settings.cache_clear()
        yield
    settings.cache_clear()


@asynccontextmanager
async def served(
    state: Path, key: SigningKey, *, publish: str = "sender", auth: str = "", linked: str = ""
) -> AsyncIterator[Served]:
    """`state`: a folder for its keys, `key`: the one that the functions trust. `linked`: the way to publish that the
    *schema* is for, where that is another than the functions'."""
    port = free_port()
    kept(state / "keys" / "signing-key.pem", lambda: private_pem(key.private))
    flags = [
        f"--state={state}",
        f"--port={port}",
        f"--publish={publish}",
        *([f"--auth={auth}"] if auth else []),
    ]
    own, here = read(["run", *flags], {}), f"http://127.0.0.1:{port}"
    local = local_access(own, here, refused_tokens(own, here, io.StringIO()))
    config = ServerConfig(
        schema=schema_of(own) if not linked else generate(modes=own.modes, publish=linked),
        functions=functions_from_wiring(json.loads(WIRING.read_text(encoding="utf-8")), local.authorizer),
        jwks=key.jwks,
        access=local.access,
        port=port,
    )
    with environment(dict(local.told), publish):
        async with running(config) as address, aiohttp.ClientSession() as http:
            try:
                yield Served(own, f"{address.host}:{address.port}", http)
            finally:
                config.functions.close()
