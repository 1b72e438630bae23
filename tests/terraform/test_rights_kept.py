"""`terraform/run`: nothing is planned or applied that takes rights from the release that has calls."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest


@pytest.mark.parametrize("refused", [True, False])
@pytest.mark.parametrize(
    ("command", "asks"), [("plan", " plan "), ("deploy", " apply "), ("publish", " apply ")]
)
def test_rights_are_asked_about_before_terraform(
    tmp_path: Path, project: Path, command: str, asks: str, refused: bool
) -> None:
    """With a Terraform and a Python that only note what they were asked."""
    run = tmp_path / "terraform" / "run"
    (run.parent / "environments").mkdir(parents=True)
    shutil.copy(project / "terraform" / "run", run)
    for kind in ("tfvars", "s3.tfbackend"):
        (run.parent / "environments" / f"dev.{kind}").touch()
    notes = tmp_path / "notes"
    python = program(
        tmp_path / "bin" / "python",
        f"""echo "$@" >> {notes}; case "$*" in *" rights dev"*) exit {int(refused)} ;; esac""",
    )
    program(tmp_path / "bin" / "terraform", f"""echo " $@ " >> {notes}""")
    program(tmp_path / "bin" / "git", "true")
    done = subprocess.run(
        [run, command, "dev"],
        env={"PATH": f"{python.parent}:{os.environ['PATH']}", "PYTHON": str(python)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == int(refused), done.stderr
    asked = notes.read_text().splitlines()
    rights = asked.index("-m releases rights dev")
    assert [place for place, line in enumerate(asked) if asks in line and place < rights] == []
    assert any(asks in line for line in asked) != refused


def program(path: Path, script: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return path
