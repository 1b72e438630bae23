"""Each game day, with little time for what goes wrong: whatever it checks holds."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from simulator.engine import PROJECT
from simulator.engine_host import CREDENTIALS
from tests.game_days.__main__ import DAYS


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", DAYS)
def test_everything_holds_that_the_day_checks(name: str, tmp_path: Path) -> None:
    """In a process of its own: its programs take over the environment."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "PYTHONPATH": f"{PROJECT}:{PROJECT}/layers/chat/python",
        **CREDENTIALS,
    }
    command = [sys.executable, "-m", "tests.game_days", name, "--seconds=2", "--seed=1", f"--home={tmp_path}"]
    done = subprocess.run(
        command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False, timeout=280
    )
    assert done.returncode == 0, done.stdout + done.stderr[-4_000:]
    assert "check  yes" in done.stdout
    assert "check  NO" not in done.stdout
