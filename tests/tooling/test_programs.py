"""What `make run`, `make token` and `make invoke` promise, on the real programs."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jwt
import pytest

MESSAGES: dict[str, Any] = {
    "arguments": {"roomId": "lobby"},
    "identity": {"resolverContext": {"userId": "alice", "roles": ""}},
    "source": None,
    "request": {"headers": {}, "domainName": None},
    "prev": None,
    "info": {
        "fieldName": "messages",
        "parentTypeName": "Query",
        "variables": {},
        "selectionSetList": ["items", "items/id", "head", "head/epoch"],
        "selectionSetGraphQL": "{ items { id } head { epoch } }",
    },
    "stash": {},
}

CONTEXT = {"apiId": "a", "accountId": "1", "requestId": "r", "queryString": "", "variables": {}}


def simulator(state: Path, command: str, *options: str) -> list[str]:
    return [sys.executable, "-m", "simulator", command, f"--state={state}", *options]


@pytest.fixture
def environment(project: Path) -> dict[str, str]:
    """What a program gets from the Makefile, and a developer's own AWS set-up that must not matter."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{project}:{project / 'layers/chat/python'}",
        "AWS_PROFILE": "nobody",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    }


@contextmanager
def running(state: Path, environment: dict[str, str], *options: str) -> Iterator[list[str]]:
    """The lines that a running simulator greets with, on a port that is free."""
    with subprocess.Popen(
        simulator(state, "run", "--port=0", *options),
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            yield [process.stdout.readline().rstrip("\n") for _ in range(4)]
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait() == 0


def invoked(
    state: Path, environment: dict[str, str], event: object, name: str = "event"
) -> "subprocess.CompletedProcess[str]":
    file = state.parent / f"{name}.json"
    file.write_text(event if isinstance(event, str) else json.dumps(event))
    return subprocess.run(
        simulator(state, "invoke", f"--event={file}"),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_that_run_prints_sends_a_message_when_it_is_pasted(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    state = tmp_path / "state"
    with running(state, environment) as (ready, realtime, token, send):
        assert ready.startswith("ready http://127.0.0.1:")
        assert realtime == ready.replace("ready http", "realtime ws") + "/realtime"
        assert token == "TOKEN=$(make -s token USER=alice)"
        minted = subprocess.check_output(
            simulator(state, "token", "--user=alice"), env=environment, text=True
        ).strip()
        answer = subprocess.check_output(["sh", "-c", send], env={**environment, "TOKEN": minted})
        sent = json.loads(answer)["data"]["sendMessage"]
        assert (sent["senderId"], sent["text"], sent["seq"]) == ("alice", "hello", 1)
        seen = json.loads(invoked(state, environment, MESSAGES).stdout)
        assert [message["id"] for message in seen["items"]] == [sent["id"]]


def test_a_port_in_use_is_reported_in_one_sentence(tmp_path: Path, environment: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            simulator(tmp_path, "run", f"--port={port}"),
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stdout) == (1, "")
    assert f"Port {port} is in use" in done.stderr
    assert "Traceback" not in done.stderr


def test_invoke_prints_the_answer_alone(tmp_path: Path, environment: dict[str, str]) -> None:
    done = invoked(tmp_path / "state", environment, MESSAGES)
    assert (done.returncode, json.loads(done.stdout)["head"]["epoch"]) == (0, 1)


def test_invoke_prints_what_a_function_raises_and_fails(tmp_path: Path, environment: dict[str, str]) -> None:
    stranger = {**MESSAGES, "identity": {"resolverContext": {"userId": "carol", "roles": ""}}}
    done = invoked(tmp_path / "state", environment, stranger)
    answer = json.loads(done.stdout)
    assert (done.returncode, set(answer), answer["errorType"]) == (
        1,
        {"errorType", "errorMessage"},
        "NotRoomMember",
    )


def test_an_event_of_a_service_is_for_the_function_that_its_file_is_named_after(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    event = {"guildId": "dragons", "add": [{"userId": "dave"}]}
    done = invoked(tmp_path / "state", environment, event, "guild_membership.one-more")
    assert (done.returncode, json.loads(done.stdout)["added"]) == (0, ["dave"])


AS_NOBODY: dict[str, Any] = {name: value for name, value in MESSAGES.items() if name != "identity"}
AUTHORIZER = {"authorizationToken": "${token user=alice}"}


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        ({}, "info is missing, which names the field; "),
        ([], "does not hold a JSON object"),
        ("not JSON", "is not JSON: Expecting value"),
        (MESSAGES | {"info": {"parentTypeName": "Query"}}, "info.fieldName is missing"),
        (
            MESSAGES | {"info": {"parentTypeName": "Query", "fieldName": "mesages"}},
            "info names Query.mesages, which is no field here; is it Query.messages",
        ),
        (
            MESSAGES | {"info": {"parentTypeName": "Query", "fieldName": "sendMessage"}},
            "info names Query.sendMessage, which is no field here; is it Mutation.sendMessage?",
        ),
        (MESSAGES | {"arguments": ["lobby"]}, "arguments is not an object"),
        (AS_NOBODY, "identity is missing"),
        (MESSAGES | {"identity": None}, "identity is not an object"),
        (MESSAGES | {"identity": {"resolverContext": {}}}, "identity.resolverContext.userId is missing"),
        (AUTHORIZER, "requestContext is missing"),
        ({"authorizationToken": "${token ttl=1}", "requestContext": CONTEXT}, "a token needs a user"),
    ],
)
def test_what_is_wrong_with_an_event_is_said_in_one_line(
    tmp_path: Path, environment: dict[str, str], event: object, sentence: str
) -> None:
    done = invoked(tmp_path / "state", environment, event)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert sentence in done.stderr
    assert done.stderr.startswith("EVENT: ")


def test_an_event_file_that_is_not_there_is_said_in_one_line(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    file = tmp_path / "nothing.json"
    done = subprocess.run(
        simulator(tmp_path / "state", "invoke", f"--event={file}"),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    said = f"EVENT: {file}: No such file or directory\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", said)


def test_what_an_event_file_sends_is_there_for_the_next_event_and_not_for_the_running_api(
    tmp_path: Path, environment: dict[str, str], project: Path
) -> None:
    state = tmp_path / "state"

    def answer(name: str, **arguments: str) -> Any:
        event = json.loads((project / "events" / f"{name}.json").read_text(encoding="utf-8"))
        event["arguments"] |= arguments
        return json.loads(invoked(state, environment, event).stdout)

    assert answer("Mutation.sendMessage.mismatch")["errorType"] == "IdempotencyMismatch"
    sent = [answer("Mutation.sendMessage"), answer("Mutation.sendMessage", clientMessageId="x", text="More.")]
    seen = answer("Query.messages", roomId=sent[0]["roomId"])["items"]
    assert [each["id"] for each in reversed(sent)] == [each["id"] for each in seen[:2]]
    assert answer("Mutation.sendMessage")["id"] == sent[0]["id"]
    assert answer("Query.messages")["items"] == []
    assert "events-lobby" not in json.dumps(answer("Query.myRooms"))


@pytest.mark.parametrize("user", ["", "al ice", "alice\n", "GUILD#x", "é", "a" * 129])
def test_a_name_that_is_no_user_id_gets_no_token(
    tmp_path: Path, environment: dict[str, str], user: str
) -> None:
    done = subprocess.run(
        simulator(tmp_path, "token", f"--user={user}"),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)


def test_make_prints_a_token_alone_even_from_an_environment_that_knows_nothing(
    project: Path, tmp_path: Path
) -> None:
    clean = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    done = subprocess.run(
        ["make", "-s", "token", "USER=bob", "TTL=60"],
        cwd=project,
        env=clean,
        capture_output=True,
        text=True,
        check=True,
    )
    claims = jwt.decode(done.stdout.strip(), options={"verify_signature": False})
    assert (claims["sub"], claims["exp"] - claims["iat"]) == ("bob", 60)
