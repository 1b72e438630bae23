"""The API dies and comes back, the gateway dies and another takes over, everybody comes at once: nothing
is lost or disordered."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from chat.operations.remove_member import remove_member
from chat.operations.send_message import send_message
from simulator.functions import Functions
from simulator.keys import SigningKey
from simulator.server import ServerConfig, running
from simulator.settings import SCHEMA
from tests.gateway.conftest import LocalChat, Person, Serve, new_gateway, served, unpublished


@pytest.fixture
def api(functions: Functions, key: SigningKey) -> ServerConfig:
    return ServerConfig(schema=SCHEMA.read_text(), functions=functions, jwks=key.jwks, port=0)


async def received(person: Person, count: int) -> None:
    async with asyncio.timeout(30):
        while len(person.seqs()) < count:
            await person.next()


async def test_what_is_sent_while_the_api_is_cut_off_from_the_gateway_is_received_when_it_is_back(
    api: ServerConfig, key: SigningKey, service_token: Path
) -> None:
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(aiohttp.ClientSession())
        first = AsyncExitStack()
        address = await first.enter_async_context(running(api))
        gateway = new_gateway(address, service_token, {})
        port = await stack.enter_async_context(served(gateway))
        local = LocalChat(address, gateway, port, key, http)
        room = local.room()
        bob = await stack.enter_async_context(local.person("bob", room))
        await bob.next("subscribed")
        await local.send("alice", room, "1")
        await bob.next("message")
        await first.aclose()
        async with running(replace(api, port=0)) as elsewhere:
            await LocalChat(elsewhere, gateway, port, key, http).send("alice", room, "2", "3")
        await stack.enter_async_context(running(replace(api, port=address.port)))
        await received(bob, 3)
        await local.send("alice", room, "4")
        await received(bob, 4)
        assert bob.seqs() == [1, 2, 3, 4]
        assert await local.metric('chat_gateway_deliveries_total{source="history"}') == 2


async def test_another_process_takes_over_without_a_gap(serve: Serve, another: Serve) -> None:
    async with serve() as local:
        room = local.room()
        async with local.person("bob", room) as bob:
            await bob.next("subscribed")
            await local.send("alice", room, "1", "2")
            await received(bob, 2)
            at = bob.frames[-1]["at"]
            bob.socket.transport.abort()  # as when a process is killed: no close frame
        await local.send("alice", room, "3", "4")
        async with another(local) as other, other.person("bob", room, since=at) as bob:
            assert (await bob.next("subscribed"))["resumed"]
            await local.send("alice", room, "5")
            await received(bob, 3)
            assert bob.seqs() == [3, 4, 5]


async def test_everybody_comes_back_at_once_and_history_is_read_once_or_twice(
    serve: Serve, another: Serve
) -> None:
    async with serve() as local:
        room = local.room()
        (first, *_) = await local.send("alice", room, *(str(number) for number in range(1, 31)))
        async with another(local) as other, AsyncExitStack() as stack:
            at = f"1/{first['ts']}/2"
            coming = [stack.enter_async_context(other.person("bob", room, since=at)) for _ in range(50)]
            people = await asyncio.gather(*coming)
            await asyncio.gather(*(person.next("subscribed") for person in people))
            for person in people:
                assert person.seqs() == list(range(2, 31))
            assert other.gateway.realtime.subscriptions == 1
            looks, first_head, history = 50, 2, 2
            assert other.gateway.appsync.requests <= looks + first_head + history


async def test_a_lost_last_message_is_found_by_comparing(serve: Serve) -> None:
    async with serve(compare_seconds=1) as local:
        room = local.room()
        async with local.person("bob", room) as bob:
            await bob.next("subscribed")
            unpublished(send_message, "alice", roomId=room, text="nobody receives this live")
            assert (await bob.next("message"))["message"]["seq"] == 1


async def test_somebody_whose_removal_was_not_received_is_found_and_closed(serve: Serve) -> None:
    async with serve(compare_seconds=1) as local:
        room = local.room(alice="owner", bob="member", carol="member")
        async with local.person("bob", room) as bob, local.person("carol", room) as carol:
            await bob.next("subscribed")
            await carol.next("subscribed")
            unpublished(remove_member, "alice", roomId=room, userId="bob")
            assert await bob.closed() == (4403, "NotRoomMember")
            await local.send("alice", room, "just us")
            assert (await carol.next("message"))["message"]["seq"] == 1
