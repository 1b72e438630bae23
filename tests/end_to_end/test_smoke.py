"""The smoke test of a deployment, against the API as it is: it opens a subscription and hears what it sent."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest


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
        assert "was sent once and read back, and arrived live." in done.stdout
    else:
        assert (done.returncode, "cannot be read" in done.stderr) == (1, True), done.stderr
