"""The smoke test of a deployment, against the API as it is: it opens a subscription and hears what it sent."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from proving.smoke import smoke_checks


@pytest.mark.parametrize("token", ["good", "bad"])
def test_the_smoke_test_hears_what_it_sent_or_says_what_is_wrong(
    program: tuple[str, Any], project: Path, token: str
) -> None:
    url, keys = program
    environment = os.environ | {
        "SMOKE_TOKEN": keys.mint("alice", now=int(time.time()), ttl=600) if token == "good" else "bad",
        "SMOKE_ROOM": "lobby",
        "SMOKE_REALTIME": f"{url.replace('http', 'ws', 1)}/realtime",
        "PYTHONPATH": str(project),
    }
    done = subprocess.run(
        [sys.executable, "terraform/smoke.py", url],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    if token == "good":
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines()[-1] == f"{len(smoke_checks())} passed, 0 failed, 0 skipped"
    else:
        assert done.returncode == 1, done.stdout
        assert "appsync.http" not in done.stderr
        assert "✗ fail  chat.send.stored" in done.stderr
        assert "UnauthorizedException" in done.stderr


def test_without_a_token_and_a_websocket_the_smoke_test_says_what_it_did_not_ask(
    program: tuple[str, Any], project: Path
) -> None:
    environment = {each: os.environ[each] for each in ("PATH", "HOME") if each in os.environ}
    done = subprocess.run(
        [sys.executable, "terraform/smoke.py", program[0]],
        cwd=project,
        env=environment | {"PYTHONPATH": str(project)},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "✓ pass  appsync.http.bad-token" in done.stdout
    assert done.stdout.count("no token is given") == len(smoke_checks()) - 2
