"""The embedded engine runs as long as its users do, and keeps what they stored."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import botocore.session
import pytest

from simulator.dynamodb_local import CannotFetch, fetch, missing
from simulator.engine import PROJECT, Kind, answers, embedded, hosted
from simulator.engine import main as wait_for_engines

USER = """
import sys
from pathlib import Path
from simulator.engine import embedded
with embedded("ministack", Path(sys.argv[1])) as endpoint:
    print(endpoint, flush=True)
    sys.stdin.read()
"""
KINDS = [
    "ministack",
    pytest.param("dynamodb-local", marks=pytest.mark.skipif(bool(missing()), reason="needs java and npm")),
]
Eventually = Callable[[Callable[[], object]], None]


@contextmanager
def user(root: Path) -> Iterator["subprocess.Popen[str]"]:
    """Another program that uses the engine until its stdin is closed."""
    with subprocess.Popen(
        [sys.executable, "-c", USER, str(root)],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        yield process


def printed(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def state(root: Path) -> Any:
    return json.loads((root / "ministack" / "engine.json").read_text())


def alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    # A container without an init reaps nobody: a zombie has ended.
    status = Path(f"/proc/{process_id}/status")
    return not status.exists() or "\nState:\tZ" not in status.read_text()


def dynamodb(endpoint: str) -> Any:
    return botocore.session.get_session().create_client(
        "dynamodb",
        region_name="us-east-1",
        endpoint_url=endpoint,
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )


def test_users_share_one_engine(tmp_path: Path) -> None:
    with embedded("ministack", tmp_path) as mine, user(tmp_path) as other:
        assert mine == printed(other)


def test_users_that_start_at_once_share_one_engine(tmp_path: Path) -> None:
    with user(tmp_path) as one, user(tmp_path) as two, user(tmp_path) as three:
        assert len({printed(one), printed(two), printed(three)}) == 1


def test_the_engine_stays_while_one_user_is_left(tmp_path: Path) -> None:
    with user(tmp_path) as other:
        endpoint = printed(other)
        with embedded("ministack", tmp_path):
            pass
        assert answers(endpoint)


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_stored_is_there_at_the_next_start(kind: Kind, tmp_path: Path) -> None:
    stored = {"PK": {"S": "ROOM#é"}}
    with embedded(kind, tmp_path) as endpoint:
        dynamodb(endpoint).create_table(
            TableName="table",
            KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "PK", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        dynamodb(endpoint).put_item(TableName="table", Item=stored)
    with embedded(kind, tmp_path) as endpoint:
        assert stored == dynamodb(endpoint).get_item(TableName="table", Key=stored)["Item"]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_engine_ends_with_its_last_user_however_that_ends(
    how: signal.Signals, tmp_path: Path, eventually: Eventually
) -> None:
    with user(tmp_path) as only:
        printed(only)
        running = state(tmp_path)
        only.send_signal(how)
    eventually(lambda: not alive(running["engine"]) and not alive(running["host"]))
    assert not (tmp_path / "ministack" / "engine.json").exists()


def test_an_engine_whose_host_was_killed_is_ended_by_the_next_start(
    tmp_path: Path, eventually: Eventually
) -> None:
    with user(tmp_path) as only:
        printed(only)
        orphaned = state(tmp_path)
        os.kill(orphaned["host"], signal.SIGKILL)
        eventually(lambda: not hosted(tmp_path / "ministack"))
        with embedded("ministack", tmp_path) as endpoint:
            assert answers(endpoint)
            assert state(tmp_path)["engine"] != orphaned["engine"]
            eventually(lambda: not alive(orphaned["engine"]))


def test_an_engine_that_died_is_replaced_for_the_next_user(tmp_path: Path) -> None:
    with user(tmp_path) as other:
        printed(other)
        os.kill(state(tmp_path)["engine"], signal.SIGKILL)
        with embedded("ministack", tmp_path) as endpoint:
            assert answers(endpoint)


def test_cleaning_waits_for_the_end_and_is_refused_while_there_are_users(tmp_path: Path) -> None:
    with embedded("ministack", tmp_path):
        refusal = wait_for_engines(tmp_path, patience=0)
        assert refusal is not None
        assert "stop `make run` first" in refusal
    assert wait_for_engines(tmp_path, patience=30) is None
    assert not (tmp_path / "ministack" / "engine.json").exists()


def test_without_npm_or_java_the_other_engine_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert shutil.which("npm") is None
    with pytest.raises(CannotFetch, match="java and npm on PATH: use ENGINE=ministack"):
        fetch(tmp_path)
