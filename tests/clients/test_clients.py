"""AppSync's clients as others wrote them, aws-amplify 6 and Apollo Client 4 with AWS's links, in each mode.

They need Node 20 and their packages, so they run where CHAT_CLIENTS=1 says so (`make prove-clients`).
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from simulator.access import credentials
from simulator.settings import read

HERE = Path(__file__).parent
pytestmark = [
    pytest.mark.timeout(180),
    pytest.mark.skipif(os.environ.get("CHAT_CLIENTS") != "1", reason="needs Node 20: make prove-clients"),
]

MODES = {
    "cognito": {"amplify": "userPool", "apollo": "AMAZON_COGNITO_USER_POOLS"},
    "oidc": {"amplify": "oidc", "apollo": "OPENID_CONNECT"},
    "lambda": {"amplify": "lambda", "apollo": "AWS_LAMBDA"},
    "iam": {"amplify": "iam", "apollo": "AWS_IAM"},
}
"""What AUTH is, and what each client calls it."""


@dataclass(frozen=True)
class Program:
    """A running `make run AUTH=…`."""

    auth: str
    url: str
    state: Path
    publish: str = "sender"

    def credentials(self, user: str = "alice", ago: int = 0) -> str:
        """What `make token TTL=600` prints, or has printed so many seconds ago."""
        port = self.url.removeprefix("http://127.0.0.1:").removesuffix("/graphql")
        given = [f"--state={self.state}", f"--port={port}", f"--auth={self.auth}", f"--user={user}"]
        return credentials(read(["token", *given, "--ttl=600"], {}), int(time.time()) - ago)

    def exchange(self, client: str, credentials: str, document: str = "whole") -> Any:
        """What a client's program prints."""
        command = ["node", f"{client}.mjs", self.url, MODES[self.auth][client], credentials, document]
        done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=90, check=False)
        assert done.stdout, done.stderr
        return json.loads(done.stdout)


@pytest.fixture(scope="module", params=MODES)
def auth(request: pytest.FixtureRequest) -> str:
    mode: str = request.param
    return mode


@pytest.fixture(scope="module")
def way(request: pytest.FixtureRequest) -> str:
    """To publish."""
    publish: str = getattr(request, "param", "sender")
    return publish


@pytest.fixture(scope="module")
def program(
    auth: str, way: str, endpoint: str, project: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Program]:
    state = tmp_path_factory.mktemp("state")
    arguments = ["--port=0", f"--state={state}", f"--dynamodb-endpoint={endpoint}", f"--auth={auth}"]
    arguments.append(f"--publish={way}")
    environment = os.environ | {"PYTHONPATH": ".:layers/chat/python", "S3_ENDPOINT": ""}
    with (
        (state / "log").open("w") as log,
        subprocess.Popen(
            [sys.executable, "-m", "simulator", "run", *arguments],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            cwd=project,
            env=environment,
        ) as child,
    ):
        assert child.stdout is not None
        ready = child.stdout.readline()
        assert ready.startswith("ready http://127.0.0.1:"), (state / "log").read_text()[-2000:]
        yield Program(auth, ready.split()[1], state, way)
        child.terminate()
        child.communicate(timeout=30)


CLIENTS = ("amplify", "apollo")
CASES = [
    *(("sender", selection) for selection in ("whole", "five")),
    *(("stream", selection) for selection in ("whole", "five", "fragment", "aliases")),
]


@pytest.mark.parametrize(("way", "selection"), CASES, indirect=["way"])
@pytest.mark.parametrize("name", CLIENTS)
def test_a_client_hears_and_reads_what_it_sends(program: Program, name: str, selection: str) -> None:
    """With a selection of its own where the deployment publishes by the stream."""
    exchange = program.exchange(name, program.credentials(), selection)
    if program.publish == "sender" and selection != "whole":
        assert [each["errorType"] for each in exchange["errors"]] == ["InvalidInput"], exchange
        return
    assert exchange.get("heard"), exchange
    assert {message["senderId"] for message in exchange["sent"]} == {"alice"}
    texts = [each["text"] for each in exchange["sent"]]
    heard = exchange["heard"]
    assert heard["text"] in texts
    read_back = list(reversed(exchange["items"]))[-len(texts) :]
    assert [each["text"] for each in read_back] == texts
    assert (heard["seq"], heard["text"]) in [(each["seq"], each["text"]) for each in read_back]


@pytest.mark.parametrize("name", CLIENTS)
def test_a_client_with_credentials_that_ended_is_refused(program: Program, name: str) -> None:
    """Amplify says what an answer without data says; it would not send a token that it knows to have ended."""
    exchange = program.exchange(name, program.credentials(ago=3_600))
    assert set(exchange) == {"errors"}
