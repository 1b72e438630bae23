"""What `make run`, `make token` and `make invoke` promise, on the real programs."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
import pytest

LINES = 13
"""How many the greeting has."""

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

AUTHORIZER = {
    "requestContext": {"apiId": "a", "accountId": "1", "requestId": "r", "queryString": "", "variables": {}}
}


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


@dataclass(frozen=True)
class Running:
    """A running simulator: the lines that it greets with, and the file that its standard error goes to."""

    greeting: list[str]
    log: Path

    @property
    def port(self) -> str:
        return self.greeting[0].removeprefix("ready http://127.0.0.1:").removesuffix("/graphql")

    def pasted(self, word: str, environment: dict[str, str], before: str = "") -> Any:
        """The answer of the one line of the greeting with this word in it, in a shell, after what is before it."""
        (line,) = [line for line in self.greeting if word in line]
        return json.loads(subprocess.check_output(["sh", "-c", f"{before}\n{line}"], env=environment))


@contextmanager
def running(state: Path, environment: dict[str, str], *options: str, lines: int = LINES) -> Iterator[Running]:
    """A simulator on a port that is free."""
    log = state.parent / "log"
    with (
        log.open("w") as errors,
        subprocess.Popen(
            simulator(state, "run", "--port=0", *options),
            env=environment,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        try:
            assert process.stdout is not None
            yield Running([process.stdout.readline().rstrip("\n") for _ in range(lines)], log)
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait() == 0


def as_user(state: Path, environment: dict[str, str], user: str) -> dict[str, str]:
    """The environment in which a line of the greeting is pasted."""
    token = subprocess.check_output(simulator(state, "token", f"--user={user}"), env=environment, text=True)
    return {**environment, "TOKEN": token.strip()}


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


def test_the_commands_that_run_prints_send_and_read_when_they_are_pasted(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    state = tmp_path / "state"
    with running(state, environment) as api:
        assert api.greeting[1] == f"realtime ws://127.0.0.1:{api.port}/graphql/realtime"
        assert "TOKEN=$(make -s token USER=alice)" in api.greeting
        pasting = as_user(state, environment, "alice")
        sent = api.pasted("sendMessage", pasting)["data"]["sendMessage"]
        assert (sent["senderId"], sent["text"], sent["seq"]) == ("alice", "hello", 1)
        (seen,) = api.pasted("messages(", pasting)["data"]["messages"]["items"]
        assert (seen["seq"], seen["text"]) == (1, "hello")
        invoked_seen = json.loads(invoked(state, environment, MESSAGES).stdout)
        assert [message["id"] for message in invoked_seen["items"]] == [sent["id"]]
        assert api.log.read_text() == ""


def test_rules_of_ones_own_hold_in_run_and_in_invoke(
    project: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    state, rules = tmp_path / "state", tmp_path / "rules.py"
    rules.write_text(
        "def before_text(kind, text, room, member):\n    print(text)\n    return text.replace('hello', 'good morning')\n"
    )
    told = {**environment, "HOOKS": str(rules)}
    with running(state, told) as api:
        pasting = as_user(state, environment, "alice")
        assert api.pasted("sendMessage", pasting)["data"]["sendMessage"]["text"] == "good morning"
    event = json.loads((project / "events" / "Mutation.updateRoom.json").read_text(encoding="utf-8"))
    event["arguments"] |= {"name": "hello"}
    assert json.loads(invoked(state, told, event).stdout)["notice"]["room"]["name"] == "good morning"
    rules.write_text("def before_txt(kind, text, room, member): ...\n")
    for command in (["run", "--port=0"], ["invoke", "--event=events/Query.messages.json"]):
        ended = subprocess.run(
            simulator(state, *command), env=told, cwd=project, capture_output=True, text=True, check=False
        )
        assert (ended.returncode, ended.stdout) == (2, "")
        assert ended.stderr == f"HOOKS: {rules} has neither before_text nor may_add\n"


@pytest.mark.parametrize("auth", ["cognito,iam", "lambda", "iam,oidc", "authorizer,cognito"])
def test_the_commands_that_run_prints_with_auth_work_when_they_are_pasted(
    tmp_path: Path, environment: dict[str, str], auth: str
) -> None:
    """But for `make token`, whose keys are those of the checkout."""
    state, mode = tmp_path / "state", auth.partition(",")[0]
    with running(
        state, environment, f"--auth={auth}", lines=LINES + auth.count("cognito") + auth.count("oidc")
    ) as api:
        (line,) = [each for each in api.greeting if "make -s token" in each]
        asked = f"$(make -s token USER=alice AUTH={mode} PORT={api.port})"
        assert asked in line
        token = simulator(state, "token", "--user=alice", f"--auth={mode}", f"--port={api.port}")
        printed = subprocess.check_output(token, env=environment, text=True).strip()
        credentials = line.replace(asked, f"'{printed}'")
        sent = api.pasted("sendMessage", environment, before=credentials)["data"]["sendMessage"]
        assert (sent["senderId"], sent["text"]) == ("alice", "hello")
        assert (
            api.pasted("messages(", environment, before=credentials)["data"]["messages"]["head"]["seq"] == 1
        )
        assert api.log.read_text() == ""


def test_the_commands_of_the_pages_work_and_sync_shows_messages(
    project: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    pages = [(project / name).read_text(encoding="utf-8") for name in ("README.md", "docs/local.md")]
    fenced = re.findall(r"^```\n(.*?)^```$", "\n".join(pages), re.MULTILINE | re.DOTALL)
    blocks = [block for block in fenced if "curl" in block]
    script = "\n".join(blocks).replace("TOKEN=$(make -s token USER=alice)", "")
    state = tmp_path / "state"
    with running(state, environment) as api:
        script = script.replace("127.0.0.1:4000", f"127.0.0.1:{api.port}")
        pasting = as_user(state, environment, "alice")
        said = subprocess.check_output(["sh", "-c", script], env=pasting, text=True)
    answers = [json.loads(line) for line in said.replace("}{", "}\n{").splitlines()]
    assert [each for each in answers if "errors" in each] == []
    (synced,) = [each["data"]["sync"] for each in answers if "sync" in each["data"]]
    assert [message["text"] for room in synced["rooms"] for message in room["messages"]]


def test_the_subscriber_that_run_prints_hears_what_is_sent(
    project: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    state = tmp_path / "state"
    with running(state, environment) as api:
        (line,) = [line for line in api.greeting if "subscribe" in line]
        assert line == f"make -s subscribe ROOM=lobby USER=bob PORT={api.port}"
        recipe = subprocess.check_output(
            [*line.split(), "-n"], cwd=project, text=True, env={"PATH": environment["PATH"]}
        )
        assert recipe.splitlines()[-1] == 'exec .venv/bin/python -m simulator subscribe --user="$USER"'
        with subprocess.Popen(
            simulator(state, "subscribe", "--user=bob"),
            env={**environment, "ROOM": "lobby", "PORT": api.port},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as subscriber:
            assert subscriber.stdout
            assert subscriber.stderr
            assert subscriber.stderr.readline().startswith("Subscribed to lobby in its epoch 1.")
            sent = api.pasted("sendMessage", as_user(state, environment, "alice"))["data"]["sendMessage"]
            heard = json.loads(subscriber.stdout.readline())
            assert {name: heard[name] for name in sent} == sent
            subscriber.send_signal(signal.SIGINT)
            assert (subscriber.wait(), subscriber.stdout.read(), subscriber.stderr.read()) == (0, "", "")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ([], "USER is missing, for example: make subscribe USER=alice"),
        (["--user=alice", "--port=9"], "No API answers at http://127.0.0.1:9/graphql"),
    ],
)
def test_a_subscriber_without_a_user_or_an_api_is_told_so(
    tmp_path: Path, environment: dict[str, str], options: list[str], sentence: str
) -> None:
    done = subprocess.run(
        simulator(tmp_path, "subscribe", *options),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode > 0, done.stdout, done.stderr.count("\n")) == (True, "", 1)
    assert done.stderr.startswith(sentence)


def test_requests_are_logged_where_that_is_asked_for(tmp_path: Path, environment: dict[str, str]) -> None:
    state = tmp_path / "state"
    with running(state, {**environment, "LOG": "1"}) as api:
        api.pasted("messages(", as_user(state, environment, "alice"))
    lines = api.log.read_text().splitlines()
    assert [line for line in lines if line.startswith("POST /graphql 200 in ")]
    assert [line for line in lines if '"message":"Answered"' in line and '"field":"Query.messages"' in line]
    assert [line for line in lines if line.startswith('{"_aws"')]


def test_why_a_token_is_refused_stands_on_the_console(tmp_path: Path, environment: dict[str, str]) -> None:
    state = tmp_path / "state"
    own = as_user(state, environment, "alice")["TOKEN"]
    with running(state, environment) as api:
        strange = {**environment, "TOKEN": f"{own[:-8]}AAAAAAAA"}
        answer = api.pasted("messages(roomId", strange)
        assert [each["errorType"] for each in answer["errors"]] == ["UnauthorizedException"]
    assert "A token was refused (401): it was changed, or signed with another key." in api.log.read_text()
    assert own[:-8] not in api.log.read_text()


def test_a_failure_is_logged_with_its_place_where_requests_are_not(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    state = tmp_path / "state"
    (state / "secrets").mkdir(parents=True)
    (state / "secrets" / "cursor-keys.json").write_text("no keys")
    with running(state, environment) as api:
        answer = api.pasted("messages(", as_user(state, environment, "alice"))
    assert [each["errorType"] for each in answer["errors"]] == ["InternalError"]
    (line,) = api.log.read_text().splitlines()
    failure = json.loads(line)
    assert (failure["message"], failure["error"]) == ("Unexpected failure", "BadSecret")
    assert re.fullmatch(r"\w+\.py:\d+", failure["at"])


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


@pytest.mark.parametrize("event", ["no JSON", {}, {**MESSAGES, "identity": "alice"}, "${token ttl=1}"])
def test_what_is_wrong_with_an_event_is_said_in_one_line(
    tmp_path: Path, environment: dict[str, str], event: object
) -> None:
    asks = isinstance(event, str) and event.startswith("$")
    done = invoked(
        tmp_path / "state", environment, {**AUTHORIZER, "authorizationToken": event} if asks else event
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
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


def test_events_that_come_at_once_wait_for_each_other(
    tmp_path: Path, environment: dict[str, str], project: Path
) -> None:
    command = simulator(tmp_path, "invoke", f"--event={project / 'events' / 'Mutation.removeMember.json'}")
    at_once = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    answers = [json.loads(each.communicate()[0]) for each in at_once]
    assert [each["notice"]["nextEpoch"] for each in answers] == [2, 2, 2, 2]


@pytest.mark.parametrize("user", ["", "alice\n", "al\x07ice", "\x85", "a" * 129, "é" * 129, "\udce9"])
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


@pytest.mark.parametrize("user", ["al ice", "GUILD#x", "é", "a+b@x.example/=~\\%", "--x", "é" * 128])
def test_any_subject_gets_a_token(tmp_path: Path, environment: dict[str, str], user: str) -> None:
    token = as_user(tmp_path, environment, user)["TOKEN"]
    assert jwt.decode(token, options={"verify_signature": False})["sub"] == user


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
