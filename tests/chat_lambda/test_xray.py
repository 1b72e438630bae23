"""What X-Ray is sent of a call, and that it is of the call's own trace."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from chat_lambda.xray import MOST_REQUESTS, Subsegments

ROOT, PARENT = "1-67891233-abcdef012345678912345678", "53995c3f42cd8ad8"
SAMPLED = f"Root={ROOT};Parent={PARENT};Sampled=1;Lineage=1:abc:0"
TRACE = "0af7651916cd43dd8448eb211c80319c"

AUTHORIZE = """
import json, sys
from types import SimpleNamespace
import resolvers.authorizer as function
event = json.loads(sys.stdin.read())
context = SimpleNamespace(function_name="chat-test-authorizer", aws_request_id="r-1")
print(function.handler(event, context)["isAuthorized"], file=sys.stderr)
"""
CALL = """
import json, sys
from types import SimpleNamespace
import resolvers.send_message as function
event = json.loads(sys.stdin.read())
context = SimpleNamespace(function_name="chat-test-send-message", aws_request_id="r-1")
for _ in range(2):
    try: function.handler(event, context)
    except Exception as refusal: print(type(refusal).__name__, file=sys.stderr)
"""


class Sent(list[bytes]):
    def documents(self) -> list[Any]:
        heads = [datagram.split(b"\n", 1) for datagram in self]
        assert all(json.loads(head) == {"format": "json", "version": 1} for head, _ in heads)
        return [json.loads(body) for _, body in heads]


@pytest.fixture
def sent() -> Sent:
    return Sent()


@pytest.fixture
def traced(sent: Sent) -> Subsegments:
    seconds, ids = count(100), count(1)
    return Subsegments(sent.append, lambda: float(next(seconds)), lambda: f"{next(ids):016x}")


def test_a_call_is_one_subsegment_with_its_requests_in_it(traced: Subsegments, sent: Sent) -> None:
    traced.begin(SAMPLED)
    traced.request("dynamodb", "GetItem", 100.5, 200)
    traced.request("dynamodb", "TransactWriteItems", 101.5, 400)
    traced.request("dynamodb", "TransactWriteItems", 102.5, None)
    traced.end("Mutation.sendMessage", is_fault=True, room="lobby", outcome="ServiceUnavailable", actor=None)
    (document,) = sent.documents()
    inner = document.pop("subsegments")
    assert document == {
        "name": "Mutation.sendMessage", "id": "0000000000000004", "type": "subsegment", "trace_id": ROOT, "parent_id": PARENT,
        "start_time": 100.0, "end_time": 104.0, "annotations": {"room": "lobby", "outcome": "ServiceUnavailable"}, "fault": True,
    }  # fmt: skip
    assert [(each["aws"]["operation"], each.get("error"), each.get("fault")) for each in inner] == [
        ("GetItem", None, None),
        ("TransactWriteItems", True, None),
        ("TransactWriteItems", None, True),
    ]
    assert [(each["start_time"], each["end_time"]) for each in inner] == [
        (100.5, 101.0), (101.5, 102.0), (102.5, 103.0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "header", [None, "", "Root=1", SAMPLED.replace("Sampled=1", "Sampled=0"), "nonsense"]
)
def test_nothing_is_sent_of_a_call_that_is_not_sampled(
    traced: Subsegments, sent: Sent, header: str | None
) -> None:
    traced.begin(SAMPLED)  # of a call that was never ended
    traced.begin(header)
    traced.request("dynamodb", "GetItem", 1.0, 200)
    traced.end("Query.messages", is_fault=False)
    assert sent == []


def test_a_call_of_any_length_fits_into_a_datagram(traced: Subsegments, sent: Sent) -> None:
    traced.begin(SAMPLED)
    for _ in range(10 * MOST_REQUESTS):
        traced.request("dynamodb", "TransactWriteItems", 1.0, 500)
    traced.end("Query.messages", is_fault=False, room="r" * 128)
    assert len(sent[0]) < 65_507


@pytest.fixture
def daemon() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(20)
        yield listening


def in_lambda(
    function: str, code: str, event: object, project: Path, daemon: socket.socket
) -> "subprocess.CompletedProcess[str]":
    """Code that reads an event, in a process as Lambda starts it for a call that is sampled."""
    environment = {
        **os.environ,
        "AWS_LAMBDA_FUNCTION_NAME": f"chat-test-{function}",
        "AWS_XRAY_DAEMON_ADDRESS": f"127.0.0.1:{daemon.getsockname()[1]}",
        "_X_AMZN_TRACE_ID": SAMPLED,
    }
    return subprocess.run(
        [sys.executable, "-c", code], cwd=project, env=environment, input=json.dumps(event), text=True, capture_output=True, check=True,
    )  # fmt: skip


@pytest.mark.real_engine("another process asks it")
def test_a_function_in_lambda_tells_the_daemon_of_its_requests(
    functions_environ: None, project: Path, daemon: socket.socket
) -> None:
    event = json.loads((project / "events" / "Mutation.sendMessage.json").read_text(encoding="utf-8"))
    event["request"]["headers"] = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
    event["arguments"]["roomId"] = "no-such-room"
    done = in_lambda("send-message", CALL, event, project, daemon)
    assert done.stderr.count("NotRoomMember\n") == 2
    for _ in range(2):
        document = Sent([daemon.recv(65_536)]).documents()[0]
        assert (document["trace_id"], document["parent_id"]) == (ROOT, PARENT)
        assert document["annotations"] == {
            "field": "Mutation.sendMessage", "room": "no-such-room", "outcome": "NotRoomMember", "trace_id": TRACE,
        }  # fmt: skip
        assert {each["name"] for each in document["subsegments"]} == {"dynamodb"}
        assert {each["http"]["response"]["status"] for each in document["subsegments"]} == {200}


def test_the_authorizer_tells_the_daemon_what_it_decided(
    functions_environ: None, project: Path, daemon: socket.socket
) -> None:
    event = json.loads((project / "events" / "authorizer.garbage-token.json").read_text(encoding="utf-8"))
    event["requestHeaders"] = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
    done = in_lambda("authorizer", AUTHORIZE, event, project, daemon)
    assert "False\n" in done.stderr
    (refused,) = [
        json.loads(line) for line in (done.stdout + done.stderr).splitlines() if '"Decision"' in line
    ]
    assert refused["trace_id"] == TRACE
    (document,) = Sent([daemon.recv(65_536)]).documents()
    assert (document["name"], document["trace_id"], document["parent_id"]) == ("authorizer", ROOT, PARENT)
    assert document["annotations"] == {"field": "authorizer", "outcome": "TokenRefused", "trace_id": TRACE}
    assert "fault" not in document
