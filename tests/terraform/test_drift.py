"""`terraform/run drift`: what was changed by hand, in an exit status that a nightly workflow goes by."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest


@pytest.mark.parametrize("status", [0, 1, 2])
def test_terraform_is_asked_for_what_differs_and_its_answer_passed_on(
    tmp_path: Path, project: Path, status: int
) -> None:
    """With a Terraform that answers to `plan` alone: 0 is no drift, 2 is drift, 1 an error. It takes no lock, which a role that
    may only read could not.

    https://developer.hashicorp.com/terraform/cli/commands/plan#detailed-exitcode
    """
    run = tmp_path / "terraform" / "run"
    (run.parent / "environments").mkdir(parents=True)
    shutil.copy(project / "terraform" / "run", run)
    for kind in ("tfvars", "s3.tfbackend"):
        (run.parent / "environments" / f"dev.{kind}").touch()
    terraform = tmp_path / "bin" / "terraform"
    terraform.parent.mkdir()
    asked = f'case "$*" in *" plan "*) echo "$@" > {tmp_path / "asked"}; exit {status} ;; esac'
    terraform.write_text(f"#!/bin/sh\n{asked}\n", encoding="utf-8")
    terraform.chmod(0o755)
    done = subprocess.run(
        [run, "drift", "dev"],
        env={"PATH": f"{terraform.parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status, done.stderr
    given = (tmp_path / "asked").read_text().split()
    assert {"-refresh-only", "-detailed-exitcode", "-lock=false", "-var=environment=dev"} <= set(given)
