"""What is read is published to subscribers, and what is read in private is not."""

import asyncio
from typing import Any

import pytest
from gql import GraphQLRequest

from .conftest import Api

pytestmark = pytest.mark.timeout(60)

RECEIPT = "roomId epoch userId readSeq deliveredSeq"
ON_RECEIPT = f'subscription ($epoch: Int) {{ onReceipt(roomId: "lobby", epoch: $epoch) {{ {RECEIPT} }} }}'
ON_TYPING = (
    'subscription ($epoch: Int) { onTyping(roomId: "lobby", epoch: $epoch) { roomId userId expiresAt } }'
)
MARK_READ = f"""mutation ($seq: Int!, $private: Boolean) {{
  markRead(roomId: "lobby", seq: $seq, private: $private) {{ {RECEIPT} retryAfterMs }}
}}"""
TYPING = 'mutation { typing(roomId: "lobby") { roomId epoch userId expiresAt } }'


async def mark(api: Api, seq: int, *, private: bool = False) -> Any:
    return (await api.ask("bob", MARK_READ, seq=seq, private=private)).data["markRead"]


async def mark_until_received(api: Api, seq: int, listening: "asyncio.Task[Any]") -> Any:
    """What is received of bob's mark, sent again as often as the answers ask
    for it, until the subscription is live."""
    while not listening.done():
        answer = await mark(api, seq)
        await asyncio.wait([listening], timeout=(answer["retryAfterMs"] or 2_000) / 1_000)
    return listening.result()["onReceipt"]


async def test_what_is_read_in_private_is_received_by_nobody(api: Api) -> None:
    newest = max([(await api.send("alice", text))["seq"] for text in ("one", "two", "three")])
    epoch = (await api.head())["epoch"]
    async with api.subscriber("alice") as session:
        events = session.subscribe(GraphQLRequest(ON_RECEIPT, variable_values={"epoch": epoch}))
        first = await mark_until_received(api, newest - 2, asyncio.create_task(anext(events)))
        assert (first["userId"], first["readSeq"], first["epoch"]) == ("bob", newest - 2, epoch)
        hidden = await mark(api, newest, private=True)
        late = await mark(api, newest - 2 - 1)
        assert [hidden["roomId"], hidden["epoch"], late["roomId"], late["epoch"]] == [None] * 4
        second = first
        while second == first:
            second = await mark_until_received(api, newest - 1, asyncio.create_task(anext(events)))
        assert (second["userId"], second["readSeq"]) == ("bob", newest - 1)
        await events.aclose()


async def test_typing_is_received_by_others(api: Api) -> None:
    epoch = (await api.head())["epoch"]
    async with api.subscriber("alice") as session:
        events = session.subscribe(GraphQLRequest(ON_TYPING, variable_values={"epoch": epoch}))
        listening = asyncio.create_task(anext(events))
        while not listening.done():
            await api.ask("bob", TYPING)
            await asyncio.wait([listening], timeout=0.5)
        received = (await listening)["onTyping"]
        await events.aclose()
    assert (received["roomId"], received["userId"]) == ("lobby", "bob")
