"""Nothing private is written by a function: no text, token, user id or
argument, in logs, metrics or tracebacks."""

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest

from tests.resolvers.harness import Harness

RUN = """
import importlib, json, sys, traceback
from simulator.functions import LambdaContext
for line in sys.stdin:
    module, event = json.loads(line)
    try:
        importlib.import_module(f"resolvers.{module}").handler(event, LambdaContext(module, 512, "arn", "log", 0.0))
        print("outcome ok", flush=True)
    except Exception as error:  # Lambda's runtime logs what a function raised, and where
        traceback.print_exc()
        print(f"outcome {type(error).__name__}", flush=True)
"""
ANOTHER_PROCESS = "moto is in this process, and these functions run in another"
MODULES = {"Mutation": "send_message", "Query": "messages", "Subscription": "on_message"}


def module(event: dict[str, Any]) -> str:
    return MODULES[event["info"]["parentTypeName"]] if "info" in event else "authorizer"


def written(harness: Harness, events: list[dict[str, Any]], **environment: str) -> str:
    """All that the functions write in a process of their own."""
    done = subprocess.run(
        [sys.executable, "-c", RUN],
        input="\n".join(json.dumps([module(event), event]) for event in events),
        env={**os.environ, "PYTHONPATH": ".:layers/chat/python", **environment},
        cwd=harness.project,
        text=True,
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=60,
    )
    return done.stdout


@pytest.fixture(scope="module")
def private(harness: Harness) -> dict[str, str]:
    """A user and values that are nowhere else."""
    return {name: f"{name}-{uuid.uuid4().hex}" for name in ("person", "text", "argument", "header", "cursor")}


@pytest.fixture(scope="module")
def events(harness: Harness, private: dict[str, str]) -> list[dict[str, Any]]:
    """Calls with every outcome: ok, repeated, refused for each reason, and failing."""
    person, argument = private["person"], private["argument"]
    room, banned, muted, full, broken = (
        harness.room({person: "owner"}, settings=each) for each in [{}, {}, {}, {"personBurst": 1}, {}]
    )
    harness.member(banned, person, status="banned")
    harness.member(muted, person, mutedUntil=4_102_444_800_000)
    harness.member(broken, person, tat="x")
    send = [
        {"roomId": room, "clientMessageId": argument},
        {"roomId": room, "clientMessageId": argument},
        {"roomId": room, "clientMessageId": argument, "text": private["text"] + " changed"},
        {"roomId": banned},
        {"roomId": muted},
        {"roomId": full},
        {"roomId": full},
        {"roomId": broken},
        {"roomId": argument},
        {"roomId": f"{argument}#"},
        {"roomId": room, "clientMessageId": f"{argument}#"},
        {"roomId": room, "text": private["text"] + "\ud800"},
        {"roomId": room, "text": private["text"] * 1_000},
        {"roomId": room, "text": {"x": private["text"]}},
    ]
    read = [
        {},
        {"nextToken": private["cursor"]},
        {"after": argument},
        {"order": argument},
        {"limit": argument},
    ]
    watch = [{"epoch": 1}, {"epoch": 7}, {"epoch": argument}, {}]
    tokens = [
        *(
            f"${{token user={person}{more}}}"
            for more in ("", "#", " ttl=-60", " key=another", " algorithm=none", " audience=x")
        ),
        f"Bearer {private['header']}",
        private["header"],
    ]
    calls = [
        harness.event("Mutation.sendMessage", person, text=private["text"], clientMessageId=None)
        for _ in send
    ]
    for call, change in zip(calls, send, strict=True):
        call["arguments"] |= change
    calls += [harness.event("Query.messages", person, roomId=room, **change) for change in read]
    for change in watch:
        call = harness.event("Subscription.onMessage", person, roomId=room)
        del call["arguments"]["epoch"]
        call["arguments"] |= change
        calls.append(call)
    calls += [calls[0] | {"identity": {"sub": person}}, calls[0] | {"arguments": private["text"]}]
    for call in calls:
        call["request"]["headers"]["authorization"] = private["header"]
        call["request"]["headers"]["x-forwarded-for"] = private["header"]
    for token in tokens:
        event = harness.event("authorizer")
        event["authorizationToken"] = token
        calls.append(event)
    return [harness.filled(call) for call in calls]


@pytest.mark.real_engine(ANOTHER_PROCESS)
def test_nothing_private_is_written_whatever_happens(
    harness: Harness, private: dict[str, str], events: list[dict[str, Any]]
) -> None:
    output = written(harness, events)
    outcomes = {line.removeprefix("outcome ") for line in output.splitlines() if line.startswith("outcome ")}
    assert outcomes == {
        "ok", "InvalidInput", "NotRoomMember", "Muted", "RateLimited", "IdempotencyMismatch", "StaleEpoch",
        "IdentityRefused", "InternalError",
    }  # fmt: skip
    assert output.count("outcome ") == len(events)
    assert "CloudWatchMetrics" in output
    allowed = output.replace(f'"room":"{private["argument"]}"', "")  # a well-formed room id is a room's name
    assert [name for name, value in private.items() if value in allowed] == []
    for event in events:
        if token := event.get("authorizationToken"):
            assert token.removeprefix("Bearer ") not in output
            assert token.rpartition(".")[2] == "" or token.rpartition(".")[2] not in output


@pytest.mark.real_engine(ANOTHER_PROCESS)
def test_the_log_names_users_by_pseudonym(harness: Harness, events: list[dict[str, Any]]) -> None:
    lines = [json.loads(line) for line in written(harness, events[:1]).splitlines() if line.startswith("{")]
    (answered,) = [line for line in lines if line.get("message") == "Answered"]
    assert answered["field"] == "Mutation.sendMessage"
    assert answered["outcome"] == "ok"
    assert answered["room"] == events[0]["arguments"]["roomId"]
    assert answered["correlation_id"] == events[0]["request"]["headers"]["x-amzn-trace-id"]
    assert len(answered["actor"]) == 16
    (metrics,) = [line for line in lines if "_aws" in line]
    assert metrics["function"] == "send_message"


@pytest.mark.real_engine(ANOTHER_PROCESS)
def test_a_decision_about_a_person_is_an_audit_event(harness: Harness) -> None:
    event = harness.event("Mutation.sendMessage.not-member")
    lines = [json.loads(line) for line in written(harness, [event]).splitlines() if line.startswith("{")]
    (decision,) = [line for line in lines if line.get("kind") == "audit"]
    names = ("action", "outcome", "reason", "room")
    assert [decision[name] for name in names] == [
        "Mutation.sendMessage",
        "refused",
        "NotRoomMember",
        "events-lobby",
    ]


@pytest.mark.real_engine(ANOTHER_PROCESS)
def test_in_lambda_the_same_is_true(
    harness: Harness, private: dict[str, str], events: list[dict[str, Any]]
) -> None:
    output = written(
        harness, events[-12:], AWS_LAMBDA_FUNCTION_NAME="chat", AWS_LAMBDA_INITIALIZATION_TYPE="on-demand"
    )
    assert output.count("outcome ") == 12
    assert [name for name, value in private.items() if value in output] == []


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("AUDIT_KEY", "file:/nowhere"),
        ("CURSOR_KEYS", "secret-value"),
        ("PERSON_BURST", "secret-value"),
        ("AUDIT_KEY", ""),
    ],
)
def test_in_lambda_a_wrong_setting_stops_the_start_and_is_named_without_its_value(
    harness: Harness, setting: str, value: str, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import resolvers.messages"],
        env={**os.environ, "PYTHONPATH": ".:layers/chat/python", "AWS_LAMBDA_FUNCTION_NAME": "chat", setting: value},
        cwd=harness.project, text=True, capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert setting in done.stderr.splitlines()[-1]
    assert "secret-value" not in done.stderr
