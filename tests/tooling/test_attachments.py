"""`make run` as it is without options: a file goes up, with a message to
its readers, and is there after a restart."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from simulator.engine import PROJECT
from simulator.keys import signing_key
from tests.resolvers.files import PNG, get, post

PREPARE = """mutation {
  createUpload(roomId: "lobby", contentType: "image/png", size: 2000, name: "cat.png") { id url fields { name value } }
}"""
SEND = """mutation ($ids: [ID!]) {
  sendMessage(roomId: "lobby", text: "look", attachments: $ids) {
    id roomId senderId text ts seq epoch clientMessageId attachments { id name size }
  }
}"""
READ = 'query ($id: ID!) { attachment(roomId: "lobby", id: $id) { url contentType } }'
OFF = 'mutation { createUpload(roomId: "lobby", contentType: "image/png", size: 1) { id } }'


@contextmanager
def running(state: Path, *options: str) -> Iterator[str]:
    """The address of a simulator on this state."""
    command = [sys.executable, "-m", "simulator", "run", "--port=0", f"--state={state}", *options]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{PROJECT}:{PROJECT / 'layers/chat/python'}"}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().split()[1]
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait() == 0


def ask(url: str, state: Path, user: str, query: str, **variables: object) -> Any:
    body = json.dumps({"query": query, "variables": variables}).encode()
    token = signing_key(state / "keys").mint(user, now=int(time.time()), ttl=600)
    headers = {"Authorization": token, "Content-Type": "application/json"}
    request = urllib.request.Request(url, body, headers)  # noqa: S310  our own program
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
        return json.load(answer)


def answered(url: str, state: Path, user: str, query: str, **variables: object) -> Any:
    """The data of an answer without errors."""
    answer = ask(url, state, user, query, **variables)
    assert "errors" not in answer, answer["errors"]
    return answer["data"]


def test_a_file_is_posted_sent_and_read_by_others_and_outlives_a_restart(tmp_path: Path) -> None:
    with running(tmp_path) as url:
        upload = answered(url, tmp_path, "alice", PREPARE)["createUpload"]
        assert post(upload).status == 204
        sent = answered(url, tmp_path, "alice", SEND, ids=[upload["id"]])["sendMessage"]
        assert sent["attachments"] == [{"id": upload["id"], "name": "cat.png", "size": len(PNG)}]
        assert answered(url, tmp_path, "bob", READ, id=upload["id"])["attachment"]["url"]
    with running(tmp_path) as url:
        address = answered(url, tmp_path, "bob", READ, id=upload["id"])["attachment"]["url"]
        assert get(address).body == PNG


def test_without_an_s3_attachments_are_off_and_say_so(tmp_path: Path, endpoint: str) -> None:
    with running(tmp_path, f"--dynamodb-endpoint={endpoint}") as url:
        (error,) = ask(url, tmp_path, "alice", OFF)["errors"]
    assert error["errorType"] == "NotAllowed"
    assert "reason=attachmentsOff" in error["message"]


def test_an_s3_of_ones_own_serves_beside_another_dynamodb(
    tmp_path: Path, endpoint: str, objects: Any, objects_address: str
) -> None:
    options = (f"--dynamodb-endpoint={endpoint}", f"--s3-endpoint={objects_address}")
    with running(tmp_path, *options) as url:
        upload = answered(url, tmp_path, "bob", PREPARE)["createUpload"]
        assert post(upload).status == 204
        assert answered(url, tmp_path, "bob", SEND, ids=[upload["id"]])["sendMessage"]["attachments"]
