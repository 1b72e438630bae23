"""gql, a client that others wrote, against the simulator."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from gql import Client, GraphQLRequest
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.appsync_auth import AppSyncJWTAuthentication
from gql.transport.appsync_websockets import AppSyncWebsocketsTransport
from gql.transport.exceptions import TransportQueryError, TransportServerError

SEND = GraphQLRequest(
    'mutation ($text: String!) { sendMessage(roomId: "lobby", text: $text)'
    " { id roomId senderId text ts seq epoch clientMessageId } }"
)


def watch(room: str) -> GraphQLRequest:
    query = "subscription ($room: ID!) { onMessage(roomId: $room, epoch: 1) { text } }"
    return GraphQLRequest(query, variable_values={"room": room})


@asynccontextmanager
async def realtime(client: Any, token: str = "alice") -> AsyncIterator[Any]:
    address = client.address
    transport = AppSyncWebsocketsTransport(
        url=f"ws://{address.host}:{address.port}/graphql",
        auth=AppSyncJWTAuthentication(host=address.host, jwt=token),
    )
    async with Client(transport=transport) as session:
        yield session


@asynccontextmanager
async def http(client: Any, token: str = "alice") -> AsyncIterator[Any]:
    transport = AIOHTTPTransport(url=client.address.url, headers={"authorization": token})
    async with Client(transport=transport, fetch_schema_from_transport=True) as session:
        yield session


async def test_gql_subscribes_and_receives_what_gql_sends(client: Any) -> None:
    async with realtime(client) as one, realtime(client, "bob") as other, http(client) as sender:
        texts: list[str] = []

        async def listen(session: Any) -> None:
            async for event in session.subscribe(watch("lobby")):
                texts.append(event["onMessage"]["text"])
                if event["onMessage"]["text"] == "last":
                    return

        listening = [asyncio.create_task(listen(session)) for session in (one, other)]
        await client.until(subscriptions=2)
        for text in ("first", "last"):
            SEND.variable_values = {"text": text}
            await sender.execute(SEND)
        await asyncio.wait_for(asyncio.gather(*listening), 20)
        assert sorted(texts) == ["first", "first", "last", "last"]
    await client.until(connections=0, subscriptions=0)


async def test_gql_reads_a_refusal_at_start_and_at_connect(client: Any) -> None:
    async with realtime(client) as session:
        with pytest.raises(TransportQueryError, match="NotRoomMember"):
            async for _ in session.subscribe(watch("closed")):
                pass
    with pytest.raises(TransportServerError, match="UnauthorizedException"):
        async with realtime(client, "eve"):
            pass


async def test_gql_reads_a_refused_mutation(client: Any) -> None:
    request = GraphQLRequest('mutation { sendMessage(roomId: "closed", text: "x") { id } }')
    async with http(client) as session:
        with pytest.raises(TransportQueryError) as refused:
            await session.execute(request)
    assert refused.value.errors
    assert refused.value.errors[0]["errorType"] == "NotRoomMember"
