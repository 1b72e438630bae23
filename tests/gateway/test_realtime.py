"""The pool of realtime connections, before an AppSync that does not do what it should."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from gateway import documents
from gateway.appsync import UpstreamRefused
from gateway.authorization import Token
from gateway.breaker import Breaker
from gateway.realtime import Realtime, Subscription

Answer = Callable[[dict[str, Any]], list[dict[str, Any]]]
ACK = {"type": "connection_ack", "payload": {"connectionTimeoutMs": 300_000}}


def accepting(frame: dict[str, Any]) -> list[dict[str, Any]]:
    """What AppSync answers when all is well."""
    if frame["type"] == "connection_init":
        return [ACK]
    return [{"id": frame["id"], "type": "start_ack"}] if frame["type"] == "start" else []


class Api:
    """Answers each frame as `answer` says, and keeps what it received, by connection."""

    def __init__(self) -> None:
        self.answer: Answer = accepting
        self.received: list[list[dict[str, Any]]] = []
        self.sockets: list[web.WebSocketResponse] = []
        self.changed = asyncio.Event()

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=("graphql-ws",))
        await socket.prepare(request)
        received: list[dict[str, Any]] = []
        self.received.append(received)
        self.sockets.append(socket)
        async for message in socket:
            received.append(json.loads(message.data))
            self.changed.set()
            for frame in self.answer(received[-1]):
                await socket.send_json(frame)
        return socket

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(10):
            while not condition():
                self.changed.clear()
                await self.changed.wait()

    def kinds(self, connection: int) -> list[str]:
        return [frame["type"] for frame in self.received[connection]]


class Room:
    """Who subscribes, what comes, and whether that is over."""

    def __init__(self) -> None:
        self.received: list[Any] = []
        self.ended = asyncio.Event()

    def subscription(self) -> Subscription:
        return Subscription(self.received.append, self.ended.set)


@pytest.fixture
async def pool() -> AsyncIterator[tuple[Api, Realtime]]:
    api, app = Api(), web.Application()
    app.router.add_get("/graphql/realtime", api.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession() as session:
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/graphql"
        realtime = Realtime(url, session, Token("token"), Breaker())
        yield api, realtime
        await realtime.close()
    await runner.cleanup()


async def subscribe(realtime: Realtime, room: Room) -> Subscription:
    subscription = room.subscription()
    await realtime.subscribe(subscription, documents.ON_MESSAGE, {})
    return subscription


async def test_whoever_does_not_wait_for_a_subscription_leaves_none_behind(
    pool: tuple[Api, Realtime],
) -> None:
    api, realtime = pool
    api.answer = lambda frame: [ACK] if frame["type"] == "connection_init" else []
    subscribing = asyncio.create_task(subscribe(realtime, Room()))
    await api.until(lambda: api.received and "start" in api.kinds(0))
    subscribing.cancel()
    await asyncio.gather(subscribing, return_exceptions=True)
    await api.until(lambda: "stop" in api.kinds(0))
    assert realtime.subscriptions == 0


async def test_a_connection_that_takes_no_more_is_left_for_another(pool: tuple[Api, Realtime]) -> None:
    api, realtime = pool

    def full(frame: dict[str, Any]) -> list[dict[str, Any]]:
        if frame["type"] == "start" and len(api.received) == 1 and api.kinds(0).count("start") > 1:
            errors = {
                "errorType": "MaxSubscriptionsReachedError",
                "message": "Max number of subscriptions reached",
            }
            return [{"id": frame["id"], "type": "error", "payload": {"errors": errors}}]
        return accepting(frame)

    api.answer = full
    await subscribe(realtime, Room())
    with pytest.raises(UpstreamRefused):
        await subscribe(realtime, Room())
    await subscribe(realtime, Room())
    assert (realtime.connections, realtime.subscriptions) == (2, 2)


async def test_a_subscription_that_is_ended_by_an_error_is_over(pool: tuple[Api, Realtime]) -> None:
    api, realtime = pool
    room = Room()
    subscription = await subscribe(realtime, room)
    errors = [{"errorType": "InternalFailure", "message": "No."}]
    await api.sockets[0].send_json({"id": subscription.id, "type": "error", "payload": {"errors": errors}})
    async with asyncio.timeout(10):
        await room.ended.wait()
    assert realtime.subscriptions == 0


async def test_a_connection_that_is_refused_is_not_kept(pool: tuple[Api, Realtime]) -> None:
    api, realtime = pool
    errors = [{"errorType": "UnauthorizedException", "message": "You are not authorized."}]
    api.answer = lambda _: [{"type": "connection_error", "payload": {"errors": errors}}]
    with pytest.raises(UpstreamRefused) as refused:
        await subscribe(realtime, Room())
    assert refused.value.refusal.code == "UnauthorizedException"
    assert realtime.connections == 0
    api.answer = accepting
    await subscribe(realtime, Room())
    assert realtime.connections == 1


async def test_a_connection_that_ends_ends_its_subscriptions(pool: tuple[Api, Realtime]) -> None:
    api, realtime = pool
    rooms = [Room(), Room()]
    for room in rooms:
        await subscribe(realtime, room)
    await api.sockets[0].close()
    async with asyncio.timeout(10):
        for room in rooms:
            await room.ended.wait()
    assert realtime.connections == 0


async def test_a_rooms_fault_does_not_end_the_others(pool: tuple[Api, Realtime]) -> None:
    api, realtime = pool
    faults: list[str] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda _, context: faults.append(repr(context["exception"]))
    )

    def fault(_: Any) -> None:
        raise ValueError("a fault")

    faulty = Subscription(fault, lambda: None)
    await realtime.subscribe(faulty, documents.ON_MESSAGE, {})
    room = Room()
    well = await subscribe(realtime, room)
    for subscription in (faulty, well):
        payload = {"data": {"onMessage": {"id": "m1"}}}
        await api.sockets[0].send_json({"id": subscription.id, "type": "data", "payload": payload})
    async with asyncio.timeout(10):
        while not room.received:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert room.received == [{"id": "m1"}]
    assert faults == ["ValueError('a fault')"]
