"""A release and the way back from it, by aliases, on the emulator and while people send.

The emulator keeps an alias's weights and does not route by them, so no canary is judged here.
"""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from simulator.keys import signing_key

from .deployment import PROJECT, Deployment, deployed_anew
from .test_deployment import PYTHON, aws, timed

pytestmark = [
    pytest.mark.timeout(1800),
    pytest.mark.skipif(os.environ.get("CHAT_DEPLOY") != "1", reason="takes minutes: make prove-deployment"),
]
SEND = """mutation ($name: ID) { sendMessage(roomId: "lobby", text: "on", clientMessageId: $name) {
  id roomId senderId text ts seq epoch clientMessageId
} }"""
READ = """query ($next: String) { messages(roomId: "lobby", limit: 100, nextToken: $next) {
  items { clientMessageId } nextToken
} }"""


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    home, state = tmp_path_factory.mktemp("releases"), tmp_path_factory.mktemp("state")
    with deployed_anew(home, state, PYTHON, timed) as deployment:
        yield deployment


@pytest.fixture(autouse=True)
def _credentials(deployed: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in deployed.emulator.credentials.items():
        monkeypatch.setenv(name, value)


def releases(deployment: Deployment, *arguments: str, given: str | None = None) -> "subprocess.Popen[str]":
    """The operator's program, with its ledger in a bucket of the emulator."""
    return subprocess.Popen(
        [sys.executable, "-m", "releases", *arguments, "--endpoint", deployment.emulator.endpoint],
        cwd=environments(deployment),
        env=os.environ | {"PYTHONPATH": f"{PROJECT}:{PROJECT}/layers/chat/python"},
        stdin=subprocess.PIPE if given else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def environments(deployment: Deployment) -> Path:
    """A folder whose `terraform/environments/` describes `local`, with a bucket for its state."""
    folder = deployment.home / "operator"
    described = folder / "terraform" / "environments" / "local.s3.tfbackend"
    if not described.exists():
        described.parent.mkdir(parents=True)
        described.write_text('bucket = "state-local"\nkey = "chat/local.tfstate"\nregion = "us-east-1"\n')
        aws(deployment, "s3").create_bucket(Bucket="state-local")
    return folder


def done(deployment: Deployment, *arguments: str, given: str | None = None, status: int = 0) -> str:
    process = releases(deployment, *arguments, given=given)
    said, _ = process.communicate(given, timeout=300)
    assert process.returncode == status, said
    return said


def record(deployment: Deployment) -> str:
    told = json.dumps(deployment.output("release"))
    return done(
        deployment,
        "record",
        "local",
        "--commit",
        "c" * 40,
        "--packages",
        str(deployment.packages),
        "--wiring",
        str(PROJECT / "resolvers" / "wiring.json"),
        given=told,
    )


def live(deployment: Deployment) -> dict[str, str]:
    functions = deployment.output("release")["functions"]
    client = aws(deployment, "lambda")
    return {
        module: client.get_alias(FunctionName=each["name"], Name="live")["FunctionVersion"]
        for module, each in functions.items()
    }


def ask(deployment: Deployment, url: str, query: str, **variables: Any) -> Any:
    token = signing_key(deployment.state / "keys").mint("alice", now=int(time.time()), ttl=600)
    body = json.dumps({"query": query, "variables": variables}).encode()
    headers = {"authorization": token, "content-type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=60) as answer:  # noqa: S310
        return json.loads(answer.read())


@dataclass
class Sender(threading.Thread):
    """Sends one message after the other until it is told to stop."""

    deployment: Deployment
    url: str
    stop: threading.Event = field(default_factory=threading.Event)
    answered: list[str] = field(default_factory=list)
    failed: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    __hash__ = threading.Thread.__hash__

    def run(self) -> None:
        while not self.stop.is_set():
            name = f"m-{uuid.uuid4()}"
            answer = ask(self.deployment, self.url, SEND, name=name)
            (self.failed.append(answer) if "errors" in answer else self.answered.append(name))


def stored(deployment: Deployment, url: str) -> list[str]:
    names, token = [], None
    while True:
        page = ask(deployment, url, READ, next=token)["data"]["messages"]
        names += [each["clientMessageId"] for each in page["items"]]
        if (token := page["nextToken"]) is None:
            return names


def test_a_release_goes_live_and_back_while_people_send(deployed: Deployment) -> None:
    url = deployed.url
    before = live(deployed)
    assert "Release 1" in record(deployed)
    done(deployed, "back", "local", status=1)  # there is none before

    deployed.tell({**deployed.variables(), "log_level": "WARNING"})  # all functions get a new version
    timed("apply, new versions", deployed.apply)
    assert live(deployed) == before
    assert "Release 2" in record(deployed)

    sender = Sender(deployed, url)
    sender.start()
    said = timed("forward, with sends", lambda: done(deployed, "go", "local"))
    after = live(deployed)
    assert all(after[module] != version for module, version in before.items())
    halfway = releases(deployed, "back", "local")  # is killed, and goes on
    assert halfway.stdout is not None
    for line in halfway.stdout:
        if re.match(r"(16|24) of ", line):
            halfway.send_signal(signal.SIGKILL)
            break
    halfway.wait(30)
    halfway.stdout.close()
    mixed = set(live(deployed).items()) & set(after.items())
    assert 0 < len(mixed) < len(after)
    said += timed("back, with sends", lambda: done(deployed, "back", "local"))
    sent_then = len(sender.answered)
    deadline = time.monotonic() + 60
    while len(sender.answered) < sent_then + 5 and time.monotonic() < deadline:
        time.sleep(0.05)
    sender.stop.set()
    sender.join(60)

    sys.__stdout__.write(f"\n{said}\n{len(sender.answered)} sent, {len(sender.failed)} failed\n")  # type: ignore[union-attr]
    assert sender.failed == []
    assert len(sender.answered) > sent_then
    names = [name for name in stored(deployed, url) if name and name.startswith("m-")]
    assert sorted(names) == sorted(sender.answered)
    assert live(deployed) == before
    assert [address for address in deployed.changes() if "aws_lambda_" in address] == []
    assert "Release 1 is live" in done(deployed, "status", "local")


def test_an_alias_that_was_moved_by_hand_is_seen(deployed: Deployment) -> None:
    alias = {"FunctionName": "chat-local-messages", "Name": "live"}
    aws(deployed, "lambda").update_alias(**alias, RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}})
    assert "chat-local-messages: its alias is elsewhere." in done(deployed, "status", "local", status=2)
    aws(deployed, "lambda").update_alias(**alias, RoutingConfig={"AdditionalVersionWeights": {}})
    done(deployed, "status", "local")
