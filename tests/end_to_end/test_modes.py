"""One API, several authorization modes: people who come by each of them are in one room, by gql's own clients.

The mode that is named first is the default; its people have plain ids, those of the others begin with the mode.
"""

import asyncio
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from botocore.credentials import Credentials
from gql import Client, GraphQLRequest
from gql.transport.appsync_auth import AppSyncIAMAuthentication, AppSyncJWTAuthentication
from gql.transport.appsync_websockets import AppSyncWebsocketsTransport
from gql.transport.exceptions import TransportQueryError, TransportServerError

from simulator.access import credentials
from simulator.auth.signing import signer
from simulator.settings import REGION, read

from .conftest import FIELDS, SEND, watch

pytestmark = pytest.mark.timeout(120)
CREATE = "mutation ($members: [ID!]) { createRoom(members: $members) { roomId head { epoch } } }"


@dataclass(frozen=True)
class Person:
    """Somebody who comes by one mode: what `make token` prints for them, and who that is in the chat."""

    host: str
    mode: str
    key: str
    user_id: str

    async def ask(self, http: aiohttp.ClientSession, query: str, **variables: Any) -> Any:
        body = json.dumps({"query": query, "variables": variables})
        headers = (
            signer(json.loads(self.key), REGION, self.host)("/graphql", body)
            if self.mode == "iam"
            else {"Authorization": self.key}
        )
        async with http.post(f"http://{self.host}/graphql", data=body, headers=headers) as answer:
            return {"status": answer.status, **await answer.json()}

    @property
    def subscriber(self) -> Client:
        """gql's client, as others wrote it."""
        if self.mode == "iam":
            key = json.loads(self.key)
            secrets = Credentials(key["AccessKeyId"], key["SecretAccessKey"], key["SessionToken"])
            auth: Any = AppSyncIAMAuthentication(host=self.host, region_name=REGION, credentials=secrets)
        else:
            auth = AppSyncJWTAuthentication(host=self.host, jwt=self.key)
        return Client(transport=AppSyncWebsocketsTransport(url=f"ws://{self.host}/graphql", auth=auth))


@dataclass(frozen=True)
class Program:
    """A running `make run AUTH=…`."""

    auth: str
    host: str
    state: Path

    def person(self, mode: str, user: str = "alice", *, ago: int = 0, **options: str) -> Person:
        """Somebody with a token of ten minutes, made so many seconds ago."""
        given = {"state": self.state, "port": self.host.partition(":")[2], "auth": mode, "user": user}
        flags = [f"--{name.replace('_', '-')}={value}" for name, value in (given | options).items()]
        key = credentials(read(["token", *flags, "--ttl=600"], {}), int(time.time()) - ago)
        prefix = "" if self.auth.startswith(mode) else f"{mode}:"
        return Person(self.host, mode, key, prefix + user)

    @property
    def modes(self) -> list[str]:
        return self.auth.split(",")


OURS = ("cognito,authorizer,oidc,iam", "authorizer,cognito,iam")
"""What `make run` is told of our authorizer beside others."""


@pytest.fixture(scope="module", params=["cognito,oidc,lambda,iam", "iam,lambda,oidc,cognito", *OURS])
def program(
    request: pytest.FixtureRequest, endpoint: str, project: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Program]:
    state = tmp_path_factory.mktemp("state")
    options = ["--port=0", f"--state={state}", f"--dynamodb-endpoint={endpoint}", f"--auth={request.param}"]
    options += ["--schedules=off", "--streams=off"]  # other tests' rooms are in the same tables
    with (
        (state / "log").open("w") as log,
        subprocess.Popen(
            [sys.executable, "-m", "simulator", "run", *options],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            cwd=project,
            env=os.environ | {"PYTHONPATH": ".:layers/chat/python", "S3_ENDPOINT": "", "PUBLISH": ""},
        ) as child,
    ):
        assert child.stdout is not None
        ready = child.stdout.readline()
        assert ready.startswith("ready http://127.0.0.1:"), (state / "log").read_text()[-2000:]
        yield Program(request.param, ready.removeprefix("ready http://").removesuffix("/graphql\n"), state)
        child.terminate()
        child.communicate(timeout=30)
    assert child.returncode == 0


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@asynccontextmanager
async def heard(person: Person, room: str) -> AsyncIterator["asyncio.Task[Any]"]:
    """The first message that somebody hears in a room."""
    async with person.subscriber as session:
        events = session.subscribe(watch(room, 1))

        async def first() -> Any:
            return (await anext(events))["onMessage"]

        listening = asyncio.create_task(first())
        try:
            yield listening
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
            await events.aclose()


async def test_people_of_every_mode_are_in_one_room_and_hear_each_other(
    program: Program, http: aiohttp.ClientSession
) -> None:
    people = [program.person(mode) for mode in program.modes]
    owner = next(each for each in people if each.user_id == "alice")
    others = [each for each in people if each is not owner]
    made = await owner.ask(http, CREATE, members=[each.user_id for each in others])
    room = made["data"]["createRoom"]["roomId"]
    for listener in people:
        async with heard(listener, room) as listening:
            sent: list[Any] = []
            async with asyncio.timeout(30):
                while not listening.done():  # gql does not say when it is subscribed
                    speaker = people[len(sent) % len(people)]
                    answer = await speaker.ask(http, SEND, roomId=room, text=f"by {speaker.mode}")
                    sent.append(answer["data"]["sendMessage"])
                    await asyncio.wait([listening], timeout=0.2)
            assert await listening in sent
            assert [each["senderId"] for each in sent] == [
                people[number % len(people)].user_id for number in range(len(sent))
            ]


async def test_the_demo_rooms_are_the_default_modes_peoples(
    program: Program, http: aiohttp.ClientSession
) -> None:
    query = '{ messages(roomId: "lobby", limit: 1) { head { epoch } } }'
    for mode in program.modes:
        person = program.person(mode)
        answer = await person.ask(http, query)
        if person.user_id == "alice":
            assert answer["data"]["messages"]["head"]["epoch"] == 1
        else:
            assert answer["errors"][0]["errorType"] == "NotRoomMember"


async def test_administrators_are_those_that_their_source_makes_some(
    program: Program, http: aiohttp.ClientSession
) -> None:
    """Of a room that they are not in they may be told."""
    query = '{ delivery(roomId: "team") { roomId } }'
    for mode in program.modes:
        admin = program.person(mode, "admin") if mode == "iam" else program.person(mode, "zoe", roles="admin")
        plain = program.person(mode, "bob" if mode == "iam" else "zoe")
        assert (await admin.ask(http, query))["data"]["delivery"] == {"roomId": "team"}
        if plain.user_id != "bob":  # who moderates it
            assert (await plain.ask(http, query))["errors"][0]["errorType"] in ("NotRoomMember", "NotAllowed")


async def test_what_has_ended_is_refused_over_http_and_at_the_connection(
    program: Program, http: aiohttp.ClientSession
) -> None:
    for mode in program.modes:
        person = program.person(mode, ago=3_600)
        answer = await person.ask(http, "{ __typename }")
        status, name = (403, "ExpiredTokenException") if mode == "iam" else (401, "UnauthorizedException")
        assert (answer["status"], answer["errors"][0]["errorType"]) == (status, name)
        with pytest.raises(TransportServerError, match="BadRequestException" if mode == "iam" else name):
            async with person.subscriber:
                pass


@pytest.mark.parametrize("program", OURS, indirect=True)
async def test_a_token_for_our_authorizer_is_let_in_behind_the_marker_alone(
    program: Program, http: aiohttp.ClientSession
) -> None:
    """A plain JWT goes to Cognito or OIDC, whose issuer is another."""
    marked = program.person("authorizer")
    assert marked.key.startswith("chat.eyJ")
    plain = marked.key.removeprefix("chat.")
    pool = program.person("cognito").key
    assert (await marked.ask(http, MY_ROOMS))["status"] == 200
    wrong = [
        plain,
        f"Bearer {plain}",
        f"chat.chat.{plain}",
        f"Chat.{plain}",
        f"chat. {plain}",
        f"chat.{pool}",
        "chat.",
    ]
    for key in wrong:
        answer = await replace(marked, key=key).ask(http, MY_ROOMS)
        assert (answer["status"], answer["errors"][0]["errorType"]) == (401, "UnauthorizedException"), key
    with pytest.raises(TransportServerError, match="UnauthorizedException"):
        async with replace(marked, key=plain).subscriber:
            pass


async def test_a_caller_whom_no_source_names_is_refused_by_the_functions(
    program: Program, http: aiohttp.ClientSession
) -> None:
    stranger = program.person("iam", "stranger")
    answer = await stranger.ask(http, SEND, roomId="lobby", text="x", clientMessageId=str(uuid.uuid4()))
    assert answer["errors"][0]["errorType"] == "IdentityRefused"
    async with stranger.subscriber as session:
        with pytest.raises(TransportQueryError, match="IdentityRefused"):
            async for _ in session.subscribe(GraphQLRequest(WATCH_LOBBY)):
                pass


MY_ROOMS = "{ myRooms { nextToken } }"
WATCH_LOBBY = f'subscription {{ onMessage(roomId: "lobby", epoch: 1) {{ {FIELDS} }} }}'
