"""The whole API as a client meets it: a program of its own, asked over HTTP and WebSocket.

CHAT_API_URL names one that runs already, such as what `make deploy-local` brought up; it must trust the keys
of CHAT_API_STATE (`.local` when that is not said) and hold the demo rooms. CHAT_API_GAPS names a TOML file of
tests that cannot pass there, each with its reason; one that passes nevertheless is reported as a failure.
"""

import os
import subprocess
import sys
import time
import tomllib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
from gql import Client, GraphQLRequest
from gql.transport.appsync_auth import AppSyncJWTAuthentication
from gql.transport.appsync_websockets import AppSyncWebsocketsTransport

from simulator.keys import signing_key

FIELDS = "id roomId senderId text ts seq epoch clientMessageId"
SEND = f"""mutation ($roomId: ID!, $text: String!, $clientMessageId: ID) {{
  sendMessage(roomId: $roomId, text: $text, clientMessageId: $clientMessageId) {{ {FIELDS} }}
}}"""
READ = f"""query ($roomId: ID!, $order: MessageOrder, $after: AWSDateTime, $limit: Int, $nextToken: String) {{
  messages(roomId: $roomId, order: $order, after: $after, limit: $limit, nextToken: $nextToken) {{
    items {{ {FIELDS} }} nextToken head {{ seq ts epoch }}
  }}
}}"""
WATCH = (
    f"subscription ($roomId: ID!, $epoch: Int) {{ onMessage(roomId: $roomId, epoch: $epoch) {{ {FIELDS} }} }}"
)


def watch(room: str, epoch: int | None) -> GraphQLRequest:
    return GraphQLRequest(WATCH, variable_values={"roomId": room, "epoch": epoch})


@dataclass(frozen=True)
class Answer:
    """What HTTP brought back: the status, and GraphQL's `data` and `errors`."""

    status: int
    body: Any

    @property
    def data(self) -> Any:
        assert "errors" not in self.body, self.body
        return self.body["data"]

    @property
    def error(self) -> tuple[str, str]:
        """The one error's type and message."""
        (error,) = self.body["errors"]
        return error.get("errorType"), error["message"]


@dataclass(frozen=True)
class Api:
    """A running API. `url` is its GraphQL address."""

    url: str
    keys: Any
    http: aiohttp.ClientSession

    def token(self, user: str, **claims: Any) -> str:
        token: str = self.keys.mint(user, now=int(time.time()), ttl=600, **claims)
        return token

    async def post(self, token: str | None, body: bytes, **headers: str) -> Answer:
        sent = {"content-type": "application/json", **headers} | ({"authorization": token} if token else {})
        async with self.http.post(self.url, data=body, headers=sent) as answer:
            return Answer(answer.status, await answer.json())

    async def ask(
        self, user: str, query: str, headers: dict[str, str] | None = None, **variables: Any
    ) -> Answer:
        sent = {"authorization": self.token(user), **(headers or {})}
        async with self.http.post(
            self.url, json={"query": query, "variables": variables}, headers=sent
        ) as answer:
            return Answer(answer.status, await answer.json())

    async def send(self, user: str, text: str, room: str = "lobby", **variables: Any) -> Any:
        answer = await self.ask(user, SEND, roomId=room, text=text, **variables)
        return answer.data["sendMessage"]

    async def head(self, room: str = "lobby") -> Any:
        return (await self.ask("alice", READ, roomId=room, limit=1)).data["messages"]["head"]

    async def history(self, user: str, room: str = "lobby", **variables: Any) -> list[Any]:
        """All pages, followed to the end."""
        items: list[Any] = []
        token = None
        while True:
            page = (await self.ask(user, READ, roomId=room, nextToken=token, **variables)).data["messages"]
            items += page["items"]
            token = page["nextToken"]
            if token is None:
                return items

    def subscriber(self, user: str) -> Client:
        """A client that was not written here: gql with its AppSync transport."""
        address = urlsplit(self.url)
        transport = AppSyncWebsocketsTransport(
            url=self.url.replace("http", "ws", 1),
            auth=AppSyncJWTAuthentication(host=address.netloc, jwt=self.token(user)),
        )
        return Client(transport=transport)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if not (path := os.environ.get("CHAT_API_GAPS")):
        return
    gaps = tomllib.loads(Path(path).read_text(encoding="utf-8"))["gaps"]
    here = Path(__file__).parent
    for item in items:
        for gap in gaps if here in item.path.parents else []:
            if any(item.name.startswith(name) for name in gap["tests"]):
                item.add_marker(pytest.mark.xfail(reason=gap["reason"], run=gap.get("run", True)))


@pytest.fixture(scope="session")
def program(
    request: pytest.FixtureRequest, project: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Any]]:
    """The address of a running API, and the keys that it trusts."""
    if url := os.environ.get("CHAT_API_URL"):
        state = Path(os.environ.get("CHAT_API_STATE", project / ".local"))
        yield url, signing_key(state / "keys")
        return
    endpoint, publish = request.getfixturevalue("endpoint"), request.getfixturevalue("publishing")
    streams = "on" if publish == "stream" else "off"  # other tests' rooms are in the same tables
    options = [f"--publish={publish}", f"--streams={streams}"]
    yield from simulator(endpoint, project, tmp_path_factory, *options)


def simulator(
    endpoint: str, project: Path, tmp_path_factory: pytest.TempPathFactory, *options: str
) -> Iterator[tuple[str, Any]]:
    """`make run`'s program on the tests' DynamoDB."""
    state = tmp_path_factory.mktemp("state")
    arguments = ["run", "--port", "0", "--state", str(state), "--dynamodb-endpoint", endpoint]
    arguments += ["--schedules=off", *options]  # other tests' rooms are in the same tables
    command = [sys.executable, "-m", "simulator", *arguments]
    environment = os.environ | {"PYTHONPATH": ".:layers/chat/python", "S3_ENDPOINT": ""}
    with (
        (state / "log").open("w") as log,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, text=True, cwd=project, env=environment
        ) as child,
    ):
        assert child.stdout is not None
        ready = child.stdout.readline()
        assert ready.startswith("ready http://127.0.0.1:"), (state / "log").read_text()[-2000:]
        yield ready.split()[1], signing_key(state / "keys")
        child.terminate()
        child.communicate(timeout=30)
    assert child.returncode == 0


@pytest.fixture
async def api(program: tuple[str, Any]) -> AsyncIterator[Api]:
    url, keys = program
    async with aiohttp.ClientSession() as http:
        yield Api(url, keys, http)
