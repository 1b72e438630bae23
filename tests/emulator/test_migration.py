"""A deployment from before the module is planned by the root that uses it: everything moves, nothing is destroyed."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from .deployment import PROJECT, Deployment, Workspace, start

PYTHON = PROJECT / ".venv-emulator" / "bin" / "python"
BEFORE = "c6f25713f5"
"""The last commit whose `terraform/` was itself what was deployed."""

pytestmark = [
    pytest.mark.timeout(1200),
    pytest.mark.skipif(os.environ.get("CHAT_DEPLOY") != "1", reason="takes minutes: make prove-deployment"),
]


def check_out(folder: Path) -> None:
    """What was deployed before, in `folder`. Skips where the history is not here."""
    folder.mkdir()
    found = subprocess.run(
        ["git", "archive", BEFORE, "terraform", "resolvers"], cwd=PROJECT, capture_output=True, check=False
    )
    if found.returncode != 0:
        pytest.skip(f"{BEFORE} is not in this clone")
    subprocess.run(["tar", "-x"], cwd=folder, input=found.stdout, check=True)
    (folder / "terraform" / "backend_override.tf").write_text('terraform {\n  backend "local" {}\n}\n')


def test_a_deployment_from_before_moves_and_loses_nothing(tmp_path: Path) -> None:
    check_out(tmp_path / "before")
    emulator = start(tmp_path, python=PYTHON, port=0, auth=False, mended=True)
    try:
        after = Deployment(tmp_path / "after", emulator, PYTHON, tmp_path / "state", packages_in_s3=False)
        after.prepare()
        before = Workspace(tmp_path / "before", at="")
        shutil.copy(after.workspace.folder / "local.auto.tfvars.json", before.folder)
        before.initialise(backend=True)
        before.terraform(
            "apply", "-auto-approve", "-input=false", "-parallelism=20", environment=emulator.credentials
        )
        shutil.copy(before.folder / "terraform.tfstate", after.workspace.folder)
        planned = after.changes()
        assert [address for address, actions in planned.items() if "delete" in actions] == []
        assert [address for address, actions in planned.items() if actions == ["create"]] == [
            "module.chat.terraform_data.schema"
        ]
        after.apply()
        assert after.changes() == {}
    finally:
        emulator.stop()
