"""`terraform/run drift`: what was changed by hand, in an exit status that a nightly workflow goes by."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from terraform.drift import drifted


def change(kind: str, *names: str) -> dict[str, Any]:
    """A resource whose attributes `names` a refresh found changed."""
    return {
        "address": f"{kind}.it",
        "type": kind,
        "change": {"before": dict.fromkeys(names, "1"), "after": dict.fromkeys(names, "2")},
    }


ALIAS = change("aws_lambda_alias", "function_version", "routing_config")


def test_what_an_alias_points_to_is_no_drift_and_anything_else_is() -> None:
    deleted = {**ALIAS, "change": {**ALIAS["change"], "after": None}}
    described = change("aws_lambda_alias", "function_version", "description")
    role = change("aws_iam_role", "function_version")
    assert list(drifted({"resource_drift": [ALIAS]})) == []
    assert list(drifted({"resource_drift": [deleted, described, role]})) == [
        "aws_lambda_alias.it", "aws_lambda_alias.it", "aws_iam_role.it",
    ]  # fmt: skip


@pytest.mark.parametrize("status", [0, 1, 2])
def test_terraform_is_asked_for_what_differs_and_its_answer_passed_on(
    tmp_path: Path, project: Path, status: int
) -> None:
    """With a Terraform that answers to `plan` and `show` alone: 0 is no drift, 2 is drift, 1 an error. It takes no lock, which a
    role that may only read could not. Then the aliases are asked for.

    https://developer.hashicorp.com/terraform/cli/commands/plan#detailed-exitcode
    """
    run = tmp_path / "terraform" / "run"
    (run.parent / "environments").mkdir(parents=True)
    shutil.copy(project / "terraform" / "run", run)
    for kind in ("tfvars", "s3.tfbackend"):
        (run.parent / "environments" / f"dev.{kind}").touch()
    (drift := tmp_path / "drift.json").write_text(
        json.dumps({"resource_drift": [ALIAS, change("aws_iam_role", "path")]})
    )
    terraform = tmp_path / "bin" / "terraform"
    terraform.parent.mkdir()
    asked = f'case "$*" in *" plan "*) echo "$@" > {tmp_path / "asked"}; exit {status} ;; *" show "*) cat {drift} ;; esac'
    terraform.write_text(f"#!/bin/sh\n{asked}\n", encoding="utf-8")
    terraform.chmod(0o755)
    python = (
        tmp_path / "bin" / "python"
    )  # what compares is the program itself; what asks AWS is looked at only
    python.write_text(f"""#!/bin/sh
case "$*" in *releases*) echo "$@" > {tmp_path / "status"} ;; *) exec {sys.executable} {project}/"$@" ;; esac
""")
    python.chmod(0o755)
    done = subprocess.run(
        [run, "drift", "dev"],
        env={"PATH": f"{terraform.parent}:{os.environ['PATH']}", "PYTHON": str(python)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status, done.stderr
    given = (tmp_path / "asked").read_text().split()
    assert (tmp_path / "status").exists() == (status == 0)
    assert {"-refresh-only", "-detailed-exitcode", "-lock=false", "-var=environment=dev"} <= set(given)
