"""What `make subscribe` does: it hears a room through the end of an
epoch, and says what stands in its way."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from simulator.functions import Functions
from simulator.subscribe import CannotSubscribe, follow

SEND = """
mutation ($text: String!) {
  sendMessage(roomId: "lobby", text: $text) { id roomId senderId text ts epoch notice { nextEpoch } }
}
"""


class StaleEpoch(Exception):
    """The name travels."""


@dataclass
class Room:
    """A room whose epoch ends with each text that is "out"."""

    epoch: int = 1
    told: int | None = None
    starts: list[int] = field(default_factory=list)
    live: asyncio.Queue[int] = field(default_factory=asyncio.Queue)
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)

    def messages(self, _event: Any, _context: Any) -> Any:
        return {"items": [], "head": {"seq": 0, "epoch": self.told or self.epoch}}

    def subscribe(self, event: Any, _context: Any) -> None:
        epoch = event["arguments"]["epoch"]
        self.starts.append(epoch)
        if epoch != self.epoch:
            raise StaleEpoch(f"Subscribe again. [code=StaleEpoch epoch={self.epoch}]")
        self.loop.call_soon_threadsafe(self.live.put_nowait, epoch)

    def send(self, event: Any, _context: Any) -> Any:
        text, epoch = event["arguments"]["text"], self.epoch
        message = {"id": text, "roomId": "lobby", "text": text, "senderId": "alice", "epoch": epoch}
        message["ts"] = "2026-01-01T00:00:00.000Z"
        if text != "out":
            return message | {"notice": None}
        self.epoch += 1
        return message | {"notice": {"nextEpoch": self.epoch}}


@dataclass
class Listener:
    """A running `follow`, and what it tells."""

    told: "asyncio.Queue[Any]"
    task: "asyncio.Task[None]"

    async def next(self) -> Any:
        return await asyncio.wait_for(self.told.get(), 10)


@asynccontextmanager
async def listening(client: Any, room: str = "lobby", token: str = "alice") -> AsyncIterator[Listener]:
    told: asyncio.Queue[Any] = asyncio.Queue()
    address = f"{client.address.host}:{client.address.port}"
    task = asyncio.create_task(follow(address, token, room, told.put_nowait))
    try:
        yield Listener(told, task)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def room() -> Room:
    return Room()


@pytest.fixture
async def api(serve: Callable[..., Any], chat: Any, room: Room) -> AsyncIterator[Any]:
    handlers = {
        **chat.handlers(),
        "Query.messages": room.messages,
        "Subscription.onMessage": room.subscribe,
        "Mutation.sendMessage": room.send,
    }
    async with serve(functions=Functions(handlers)) as client:
        yield client


async def send(client: Any, text: str) -> None:
    _, answer, _ = await client.post({"query": SEND, "variables": {"text": text}})
    assert answer["data"]["sendMessage"], answer


async def test_it_hears_a_room_and_goes_on_where_an_epoch_ends(api: Any, room: Room) -> None:
    async with listening(api) as listener:
        assert await asyncio.wait_for(room.live.get(), 10) == 1
        await api.until(subscriptions=1)
        for text in ("one", "out"):
            await send(api, text)
        assert [(await listener.next())["text"] for _ in range(2)] == ["one", "out"]
        assert await asyncio.wait_for(room.live.get(), 10) == 2
        await api.until(subscriptions=1)
        await send(api, "two")
        heard = await listener.next()
    assert (heard["text"], heard["epoch"]) == ("two", 2)


async def test_an_event_that_lacks_its_fields_is_passed_over(
    api: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    async with listening(api) as listener:
        await api.until(subscriptions=1)
        query = 'mutation { sendMessage(roomId: "lobby", text: "bare") { id roomId epoch } }'
        await api.post({"query": query})
        await send(api, "whole")
        assert (await listener.next())["text"] == "whole"
    assert "An event came without its fields: Cannot return null for" in capsys.readouterr().err


async def test_it_takes_the_epoch_that_a_refusal_names(api: Any, room: Room) -> None:
    room.epoch, room.told = 7, 3
    async with listening(api) as listener:
        await api.until(subscriptions=1)
        await send(api, "one")
        assert (await listener.next())["epoch"] == 7
    assert room.starts == [3, 7]


@pytest.mark.parametrize(
    ("room_id", "token", "sentence"),
    [("closed", "alice", "not a member"), ("lobby", "eve", "You are not authorized to make this call.")],
)
async def test_a_refusal_is_said_and_ends_it(client: Any, room_id: str, token: str, sentence: str) -> None:
    async with listening(client, room_id, token) as listener:
        with pytest.raises(CannotSubscribe, match=sentence):
            await asyncio.wait_for(listener.task, 10)


async def test_the_end_of_the_api_ends_it(serve: Callable[..., Any]) -> None:
    stack = serve()
    client = await stack.__aenter__()
    async with listening(client) as listener:
        await client.until(subscriptions=1)
        await stack.__aexit__(None, None, None)
        with pytest.raises(ConnectionError):
            await asyncio.wait_for(listener.task, 10)


async def test_another_program_on_the_port_is_recognised(client: Any) -> None:
    async def page(_request: web.Request) -> web.Response:
        return web.Response(text=json.dumps(["another program"]))

    other = web.Application()
    other.router.add_post("/graphql", page)
    runner = web.AppRunner(other)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        with pytest.raises(CannotSubscribe, match="does not speak AppSync's protocol"):
            await asyncio.wait_for(follow(f"{host}:{port}", "alice", "lobby", print), 10)
    finally:
        await runner.cleanup()
