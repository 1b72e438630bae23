"""A message is sent, stored, read back and received live by a client of others'. What is asked of any endpoint besides is
in test_conformance.py."""

import asyncio
from typing import Any

import pytest
from gql.transport.exceptions import TransportQueryError

from .conftest import FIELDS, Api, watch

pytestmark = pytest.mark.timeout(60)


async def received(events: Any, count: int) -> list[Any]:
    """The next `count` messages of a subscription."""
    found: list[Any] = []
    async with asyncio.timeout(20):
        while len(found) < count:
            found.append((await anext(events))["onMessage"])
    return found


async def test_a_message_is_stored_read_back_and_received_by_a_strangers_client(api: Api) -> None:
    epoch = (await api.head())["epoch"]
    async with api.subscriber("bob") as session:
        events = session.subscribe(watch("lobby", epoch))
        listening = asyncio.create_task(received(events, 1))
        sent = await send_until_received(api, listening)
        (live,) = await listening
        await events.aclose()  # or closing the session waits ten seconds for somebody to read on
    stored = await api.history("bob", limit=100)
    assert live in sent
    assert [message for message in stored if message in sent] == list(reversed(sent))


async def send_until_received(api: Api, listening: "asyncio.Task[Any]") -> list[Any]:
    """Messages, sent one after the other until the subscription is live: gql does not say when it is."""
    sent: list[Any] = []
    while not listening.done():
        sent.append(await api.send("alice", f"number {len(sent)}"))
        await asyncio.wait([listening], timeout=0.2)
    return sent


async def test_numbers_run_without_a_gap_when_many_send_at_once(api: Api) -> None:
    before = (await api.head())["seq"]
    people = ["alice", "bob"] * 20
    sent = await asyncio.gather(*(api.send(person, f"at once {n}") for n, person in enumerate(people)))
    assert sorted(message["seq"] for message in sent) == list(range(before + 1, before + 41))
    by_number = sorted(sent, key=lambda message: message["seq"])
    instants = [message["ts"] for message in by_number]
    assert instants == sorted(set(instants))
    stored = await api.history("bob", order="OLDEST_FIRST", limit=7)
    assert stored[-40:] == by_number
    assert await api.history("bob", limit=9) == stored[::-1]


async def test_guild_rooms_lie_apart(api: Api) -> None:
    sent = await api.send("carol", "the gate is open", room="GUILD#dragons")
    assert sent["roomId"] == "GUILD#dragons"
    assert sent in await api.history("alice", room="GUILD#dragons")
    refused = await api.ask("bob", 'query { messages(roomId: "GUILD#dragons") { nextToken } }')
    assert refused.error[0] == "NotRoomMember"


@pytest.mark.parametrize(
    ("user", "room", "epoch", "error_type"),
    [
        ("carol", "lobby", 1, "NotRoomMember"),
        ("alice", "nowhere", 1, "NotRoomMember"),
        ("alice", "lobby", 7, "StaleEpoch"),
        ("alice", "lobby", None, "StaleEpoch"),
        ("alice", "GUILD#", 1, "InvalidInput"),
    ],
)
async def test_a_subscription_is_refused_by_name_and_its_siblings_live_on(
    api: Api, user: str, room: str, epoch: int | None, error_type: str
) -> None:
    async with api.subscriber(user) as session:
        events = session.subscribe(watch(room, epoch))
        with pytest.raises(TransportQueryError) as refused:
            await asyncio.wait_for(anext(events), 20)
        assert error_type in str(refused.value.errors)


async def test_a_refusal_is_in_the_senders_language(api: Api) -> None:
    query = f'mutation {{ sendMessage(roomId: "lobby", text: "hola") {{ {FIELDS} }} }}'
    by_header = await api.ask("carol", query, {"accept-language": "fr-CA, en;q=0.5"})
    assert by_header.error == (
        "NotRoomMember",
        "Ce salon n'existe pas ou vous n'en êtes pas membre. [code=NotRoomMember]",
    )


async def test_slow_is_limited_and_the_refusal_says_for_how_long(api: Api) -> None:
    before = await api.history("bob", room="slow")
    answers = [
        await api.ask("bob", f'mutation {{ sendMessage(roomId: "slow", text: "{n}") {{ {FIELDS} }} }}')
        for n in range(12)
    ]
    refused = [answer for answer in answers if "errors" in answer.body]
    error_type, message = refused[0].error
    assert error_type == "RateLimited"
    assert "[code=RateLimited retryAfterMs=" in message
    assert "scope=person]" in message
    stored = await api.history("bob", room="slow")
    assert len(stored) - len(before) == len(answers) - len(refused)
