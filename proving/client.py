"""HTTP and WebSocket: the only place that opens a connection."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

import aiohttp

from proving import realtime_protocol as protocol
from proving.endpoint import Endpoint
from proving.graphql_http import Answer, read_answer, request_body
from proving.limits import ANSWER_BYTES, FRAME_BYTES, PATIENCE_S

Found = TypeVar("Found")


class Unreachable(Exception):
    """No answer that could be judged: nobody listens, or what came was too long."""


@dataclass(eq=False, slots=True)
class Subscription:
    """One on a connection. `id` is its own there."""

    listener: "Listener"
    id: str

    @property
    def payloads(self) -> list[Any]:
        return self.listener.heard.events.get(self.id, [])

    async def stop(self) -> None:
        await self.listener.send(protocol.stop(self.id))


@dataclass(eq=False, slots=True)
class Listener:
    """A connection of the realtime protocol, read in the background. `heard`: what came; `over`: set at its end."""

    socket: aiohttp.ClientWebSocketResponse
    authorization: Mapping[str, str]
    patience_s: float
    heard: protocol.Connection = field(default_factory=protocol.Connection)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def read(self) -> None:
        """Until the socket ends."""
        try:
            async for message in self.socket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    self.heard.receive(message.data)
                else:
                    self.heard.faults.append(f"a {message.type.name} message")
                self._news.set()
        finally:
            self.heard.ended = True
            self.over.set()
            self._news.set()

    async def send(self, text: str) -> None:
        with suppress(ConnectionError, RuntimeError, aiohttp.ClientError):
            await self.socket.send_str(text)

    async def until(self, found: Callable[[], Found]) -> Found:
        """What a condition gives as soon as it gives something, or what it gives at the end of patience or socket."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self.patience_s):
                while not (answer := found()) and not self.heard.ended:
                    self._news.clear()
                    await self._news.wait()
                return answer
        return found()

    async def start(
        self,
        document: str,
        variables: Mapping[str, Any],
        authorization: Mapping[str, str] | None = None,
        id_: str | None = None,
    ) -> Subscription:
        """A subscription that was answered, either way; `heard` says how."""
        id_ = id_ or str(uuid.uuid4())
        await self.send(protocol.start(id_, document, variables, authorization or self.authorization))
        await self.until(lambda: id_ in self.heard.acknowledged or id_ in self.heard.refused)
        return Subscription(self, id_)


@dataclass(frozen=True, slots=True)
class Client:
    """Asks one endpoint. `header`: the name of the header that carries a token."""

    endpoint: Endpoint
    header: str
    http: aiohttp.ClientSession
    patience_s: float = PATIENCE_S

    async def ask(self, token: str | None, document: str, variables: Mapping[str, Any]) -> Answer:
        return await self.post(token, request_body(document, variables))

    async def post(self, token: str | None, body: bytes) -> Answer:
        """Raises `Unreachable`. Redirections are not followed: they would take the token along."""
        headers = {"content-type": "application/json"} | ({self.header: token} if token else {})
        try:
            async with (
                asyncio.timeout(self.patience_s),
                self.http.post(
                    self.endpoint.url, data=body, headers=headers, allow_redirects=False
                ) as answer,
            ):
                content = bytearray()
                async for chunk in answer.content.iter_any():
                    content += chunk
                    if len(content) > ANSWER_BYTES:
                        raise Unreachable(f"an answer of more than {ANSWER_BYTES} bytes")
                return read_answer(answer.status, bytes(content))
        except TimeoutError:
            raise Unreachable(f"no answer within {self.patience_s:g} s") from None
        except (aiohttp.ClientError, OSError) as error:
            raise Unreachable(f"no answer: {type(error).__name__} {error}".strip()) from None

    def authorization(self, token: str) -> Mapping[str, str]:
        """What stands in place of a request's headers: the host is the GraphQL address's."""
        name = {"authorization": "Authorization"}.get(self.header, self.header)
        return {"host": self.endpoint.host, name: token}

    @asynccontextmanager
    async def listening(
        self, token: str, heard: protocol.Connection | None = None
    ) -> AsyncIterator[Listener]:
        """A connection whose `connection_init` was answered, either way. `heard`: what takes the frames. Raises
        `Unreachable`."""
        authorization = self.authorization(token)
        try:
            async with asyncio.timeout(self.patience_s):
                socket = await self.http.ws_connect(
                    self.endpoint.realtime,
                    protocols=protocol.subprotocols(authorization),
                    max_msg_size=FRAME_BYTES,
                    compress=0,
                )
        except TimeoutError:
            raise Unreachable(f"no WebSocket within {self.patience_s:g} s") from None
        except (aiohttp.ClientError, OSError) as error:
            raise Unreachable(f"no WebSocket: {type(error).__name__} {error}".strip()) from None
        listener = Listener(socket, authorization, self.patience_s, heard or protocol.Connection())
        reading = asyncio.create_task(listener.read())
        try:
            await listener.send(protocol.init())
            await listener.until(lambda: listener.heard.ack is not None or listener.heard.refusal is not None)
            yield listener
        finally:
            await socket.close()
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
