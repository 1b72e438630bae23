"""A deployment that publishes by the stream, met by a client that was not written here: gql, with its own documents."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from gql import Client, GraphQLRequest
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.appsync_auth import AppSyncJWTAuthentication
from gql.transport.appsync_websockets import AppSyncWebsocketsTransport

from chat.rules.models import Message
from chat.storage.aws import client as aws_client
from simulator.auth.access_keys import AccessKeys
from simulator.keys import SigningKey, signing_key
from simulator.settings import REGION
from tests.guarantees.support.engine import engine
from tests.guarantees.support.fixtures import FAST, new_room
from tests.guarantees.support.local_publisher import Publisher, PublishRefused
from tests.guarantees.support.revisions import stored_events

pytestmark = pytest.mark.timeout(120)
FIVE = "id roomId senderId text ts"
"""The whole `Message` of clients from before."""
WATCH = "subscription ($room: ID!) { onMessage(roomId: $room, epoch: 1) { id roomId senderId text ts seq epoch } }"
DOCUMENTS = {
    "five fields": f"mutation ($room: ID!, $text: String!) {{ sent: sendMessage(roomId: $room, text: $text) {{ {FIVE} }} }}",
    "a named fragment": "mutation ($room: ID!, $text: String!) { sent: sendMessage(roomId: $room, text: $text) { ...All } }"
    " fragment All on Message { id roomId senderId text ts seq }",
    "aliases": "mutation ($room: ID!, $text: String!) { sent: sendMessage(roomId: $room, text: $text)"
    " { id room: roomId author: senderId body: text at: ts } }",
    "nothing but the type": "mutation ($room: ID!, $text: String!) { sent: sendMessage(roomId: $room, text: $text) { __typename } }",
    "an alias that lies": "mutation ($room: ID!, $text: String!) { sent: sendMessage(roomId: $room, text: $text)"
    " { roomId: clientMessageId senderId text ts id } }",
}
"""Of these none could be sent where subscribers get what the sender selects."""


@dataclass(frozen=True)
class Program:
    """A running `make run PUBLISH=stream`."""

    host: str
    state: Path

    @property
    def key(self) -> SigningKey:
        return signing_key(self.state / "keys")

    def token(self, user: str) -> str:
        return self.key.mint(user, now=int(time.time()), ttl=600)

    @property
    def access_keys(self) -> AccessKeys:
        return AccessKeys(self.state / "keys", self.key)

    def publisher(self, user: str = "publisher") -> Publisher:
        return Publisher(self.host, self.access_keys, user)


@contextmanager
def running_program(
    endpoint: str, project: Path, state: Path, publish: str, *options_besides: str, **environment: str
) -> Iterator[Program]:
    """`make run` as long as the block lasts; its functions' lines are in `state / "log"`."""
    options = [
        "--port=0",
        f"--state={state}",
        f"--dynamodb-endpoint={endpoint}",
        "--schedules=off",
        f"--publish={publish}",
        *options_besides,
    ]
    with (
        (state / "log").open("w") as log,
        subprocess.Popen(
            [sys.executable, "-m", "simulator", "run", *options],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            cwd=project,
            env=os.environ | {"PYTHONPATH": ".:layers/chat/python", "S3_ENDPOINT": ""} | environment,
        ) as child,
    ):
        assert child.stdout is not None
        ready = child.stdout.readline()
        assert ready.startswith("ready http://127.0.0.1:"), (state / "log").read_text()[-2000:]
        try:
            yield Program(ready.removeprefix("ready http://").removesuffix("/graphql\n"), state)
        finally:
            child.terminate()
            child.communicate(timeout=30)
    assert child.returncode == 0


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """A DynamoDB of these tests' own. A new program reads the streams from their beginning: on the one that all tests share
    it would first publish whatever the others have sent."""
    with engine(None) as address:
        yield address


@pytest.fixture(scope="module")
def client(endpoint: str) -> Any:
    return aws_client("dynamodb", region=REGION, endpoint=endpoint, timeout=20)


@pytest.fixture(scope="module")
def program(endpoint: str, project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    with running_program(endpoint, project, tmp_path_factory.mktemp("state"), "stream") as running:
        yield running


@pytest.fixture
def room(client: Any) -> str:
    return new_room(client, members={"alice": "owner", "bob": "member"}, settings=FAST)


async def sent(program: Program, document: str, room: str, text: str) -> dict[str, Any]:
    """What alice's gql gets for its own document."""
    transport = AIOHTTPTransport(
        f"http://{program.host}/graphql", headers={"Authorization": program.token("alice")}
    )
    async with Client(transport=transport) as session:
        answer = await session.execute(GraphQLRequest(document, variable_values={"room": room, "text": text}))
    found: dict[str, Any] = answer["sent"]
    return found


def as_read(client: Any, room: str) -> list[dict[str, Any]]:
    """The room's messages as they are stored, on the wire."""
    events = stored_events(client, room)
    return [message for event in events if event.message for message in event.messages()]


@asynccontextmanager
async def listening(program: Program, room: str, take: Callable[[Any], None]) -> AsyncIterator[None]:
    """bob's gql hears the room."""
    auth = AppSyncJWTAuthentication(host=program.host, jwt=program.token("bob"))
    transport = AppSyncWebsocketsTransport(url=f"ws://{program.host}/graphql", auth=auth)
    async with Client(transport=transport) as session:
        events = session.subscribe(GraphQLRequest(WATCH, variable_values={"room": room}))

        async def hear() -> None:
            async for event in events:
                take(event["onMessage"])

        task = asyncio.create_task(hear())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await events.aclose()


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_what_gql_sends_with_its_own_selection_is_heard_whole(
    program: Program, client: Any, room: str, name: str
) -> None:
    heard: list[Any] = []
    news = asyncio.Event()

    def take(event: Any) -> None:
        heard.append(event)
        news.set()

    async with listening(program, room, take), asyncio.timeout(60):
        while not news.is_set():  # gql does not say when it is subscribed
            await sent(program, DOCUMENTS[name], room, "hello")
            with suppress(TimeoutError):
                await asyncio.wait_for(news.wait(), 1)
    messages = {message["id"]: message for message in as_read(client, room)}
    for event in heard:
        assert event == {key: messages[event["id"]][key] for key in event}
    assert {"seq", "epoch", "text"} <= heard[0].keys()


async def test_what_the_sender_is_answered_has_the_senders_names(
    program: Program, client: Any, room: str
) -> None:
    answer = await sent(program, DOCUMENTS["aliases"], room, "hello")
    assert (answer["room"], answer["author"], answer["body"]) == (room, "alice", "hello")
    assert set(await sent(program, DOCUMENTS["five fields"], room, "hello")) == set(FIVE.split())


def test_who_is_refused_is_told_so_by_the_local_publisher(program: Program, room: str) -> None:
    message = Message(id="m", room_id=room, room_type="general", sender_id="", ts=1, epoch=1).to_wire()
    assert program.publisher().publish(message) == message
    with pytest.raises(PublishRefused) as refused:
        program.publisher("stranger").publish(message)
    assert refused.value.error_type == "IdentityRefused"
    with pytest.raises(PublishRefused) as refused:
        program.publisher().publish(message | {"epoch": None})
    assert refused.value.error_type == "InvalidInput"
    with pytest.raises(OSError, match="refused"):
        Publisher("127.0.0.1:9", program.access_keys).publish(message)


def test_the_reader_is_nobody_for_people_s_fields(program: Program) -> None:
    """AppSync does not let it in: people come by another mode."""
    answer = program.publisher().post("{ myRooms { nextToken } }", {})
    (refusal,) = answer["errors"]
    assert refusal["errorType"] == "Unauthorized"
