"""A proxy on this machine between people and an endpoint, which does what a schedule says.

`/PERSON/send` and `/PERSON/call` are GraphQL over HTTP, `/PERSON/live` the WebSocket.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, cast

import aiohttp
from aiohttp import WSMsgType, web

from proving.chaos.faults import Channel, Fault
from proving.endpoint import Endpoint
from proving.limits import ANSWER_BYTES, FRAME_BYTES

PASSED_ON = ("content-type", "authorization", "x-api-key")
PIECES, PIECE_S = 4, 0.005
SLOW_FRAMES = 5
Told = tuple[int, bytes]
"""An HTTP status and a body."""


@dataclass(eq=False, slots=True)
class Proxy:
    """`applied`: the faults that something met; `passed`: how many passages there were."""

    endpoint: Endpoint
    header: str
    http: aiohttp.ClientSession
    faults: Sequence[Fault]
    applied: list[Fault] = field(default_factory=list)
    passed: Counter[tuple[int, Channel]] = field(default_factory=Counter)
    _tasks: set[asyncio.Task[Any]] = field(default_factory=set)
    _next: asyncio.Event = field(default_factory=asyncio.Event)
    _by_place: dict[tuple[int, Channel, int], Fault] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._by_place = {(each.person, each.channel, each.number): each for each in self.faults}

    def application(self) -> web.Application:
        made = web.Application(client_max_size=ANSWER_BYTES)
        made.router.add_post(r"/{person:\d+}/{channel:send|call}", self.post)
        made.router.add_get(r"/{person:\d+}/live", self.listen)
        return made

    def meets(self, person: int, channel: Channel) -> Fault | None:
        """The fault of this passage, if there is one."""
        self.passed[person, channel] += 1
        fault = self._by_place.get((person, channel, self.passed[person, channel]))
        if fault:
            self.applied.append(fault)
        return fault

    # HTTP

    async def post(self, request: web.Request) -> web.StreamResponse:
        channel = cast(Channel, request.match_info["channel"])
        fault = self.meets(int(request.match_info["person"]), channel)
        kind, pause = (fault.kind, fault.ms / 1_000) if fault else ("", 0.0)
        headers = {
            name: request.headers[name] for name in {*PASSED_ON, self.header} if name in request.headers
        }
        body = await request.read()
        if kind == "drop":
            return _cut(request)
        if kind == "delay":
            await asyncio.sleep(pause)
        if kind == "reorder":
            await self._overtaken(pause)
        self._next.set()
        try:
            copies = [self._forward(headers, body) for _ in range(2 if kind == "double" else 1)]
            told = (await asyncio.gather(*copies))[0]
        except (aiohttp.ClientError, OSError, TimeoutError):
            return _cut(request)
        if kind == "cut":
            return _cut(request)
        if kind == "late":
            self._later(pause, headers, body)
        return await _slowly(request, told) if kind == "slow" else _answer(told)

    async def _forward(self, headers: dict[str, str], body: bytes) -> Told:
        async with self.http.post(
            self.endpoint.url, data=body, headers=headers, allow_redirects=False
        ) as answer:
            return answer.status, await answer.read()

    async def _overtaken(self, most_s: float) -> None:
        """Until another request has gone ahead, or for so long."""
        self._next.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(most_s):
                await self._next.wait()

    def _later(self, pause: float, headers: dict[str, str], body: bytes) -> None:
        async def again() -> None:
            await asyncio.sleep(pause)
            with suppress(aiohttp.ClientError, OSError, TimeoutError):
                await self._forward(headers, body)

        self._keep(asyncio.create_task(again()))

    def _keep(self, task: asyncio.Task[Any]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def arrived(self) -> None:
        """What is on its way by now, and was to come late, has come."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def settled(self) -> None:
        """Nothing is on its way any more that was to come late."""
        while self._tasks:
            await self.arrived()

    # WebSocket

    async def listen(self, request: web.Request) -> web.WebSocketResponse:
        person = int(request.match_info["person"])
        offered = [
            each.strip() for each in request.headers.get("sec-websocket-protocol", "").split(",") if each
        ]
        near = web.WebSocketResponse(protocols=("graphql-ws",), compress=False, max_msg_size=FRAME_BYTES)
        await near.prepare(request)
        try:
            async with self.http.ws_connect(
                self.endpoint.realtime, protocols=offered, max_msg_size=FRAME_BYTES, compress=0
            ) as far:
                both = [
                    asyncio.create_task(_upward(near, far)),
                    asyncio.create_task(self._down(person, far, near)),
                ]
                await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
                for each in both:
                    each.cancel()
                await asyncio.gather(*both, return_exceptions=True)
        except (aiohttp.ClientError, OSError, TimeoutError):
            pass
        await near.close()
        return near

    async def _down(
        self, person: int, far: aiohttp.ClientWebSocketResponse, near: web.WebSocketResponse
    ) -> None:
        slow = 0
        async for message in far:
            if message.type is not WSMsgType.TEXT:
                return
            fault = self.meets(person, "live") if '"data"' in message.data[:200] else None
            kind, pause = (fault.kind, fault.ms / 1_000) if fault else ("", 0.0)
            if kind == "cut":
                return
            if kind == "drop":
                continue
            slow = SLOW_FRAMES if kind == "slow" else max(0, slow - 1)
            if kind == "delay" or slow:
                await asyncio.sleep(pause or PIECE_S)
            if kind == "reorder":
                self._keep(asyncio.create_task(_held(pause, near, message.data)))
                continue
            for _ in range(2 if kind == "double" else 1):
                await near.send_str(message.data)


async def _upward(near: web.WebSocketResponse, far: aiohttp.ClientWebSocketResponse) -> None:
    async for message in near:
        if message.type is not WSMsgType.TEXT:
            return
        await far.send_str(message.data)


async def _held(pause: float, near: web.WebSocketResponse, text: str) -> None:
    await asyncio.sleep(pause)
    with suppress(ConnectionError, RuntimeError):
        await near.send_str(text)


def _answer(told: Told) -> web.Response:
    return web.Response(status=told[0], body=told[1], content_type="application/json")


def _cut(request: web.Request) -> web.Response:
    """The connection ends without an answer."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=502)


async def _slowly(request: web.Request, told: Told) -> web.StreamResponse:
    status, body = told
    answer = web.StreamResponse(status=status, headers={"content-type": "application/json"})
    answer.content_length = len(body)
    size = max(1, -(-len(body) // PIECES))
    with suppress(ConnectionError):  # who asked may have gone
        await answer.prepare(request)
        for start in range(0, len(body), size):
            await answer.write(body[start : start + size])
            await asyncio.sleep(PIECE_S)
        await answer.write_eof()
    return answer


@asynccontextmanager
async def proxying(proxy: Proxy) -> AsyncIterator[str]:
    """Its address, on this machine alone, as long as the block lasts."""
    runner = web.AppRunner(proxy.application(), access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        bound: Any = runner.addresses[0]
        yield f"127.0.0.1:{bound[1]}"
    finally:
        await proxy.settled()
        await asyncio.shield(runner.cleanup())
