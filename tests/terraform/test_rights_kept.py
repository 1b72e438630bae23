"""`terraform/run`: nothing is applied that takes rights from the release that has calls, or that nobody agreed to."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from releases.record import Published, Rights
from releases.rights import applied, known, lacking, planned, wired
from tests.emulator.deployment import Workspace
from tests.releases.doubles import published
from tests.terraform.plans import COLLECTS_SELDOM, RIGHTS_TESTS

RIGHTS = "-m releases rights dev"


def run(
    tmp_path: Path,
    project: Path,
    *arguments: str,
    refused: bool = False,
    answer: str = "yes",
    git: str = "true",
    lose: str = "",
) -> tuple[int, list[str]]:
    """The exit status, and what was asked of a Terraform and a Python that only note it."""
    script = tmp_path / "terraform" / "run"
    (script.parent / "environments").mkdir(parents=True)
    shutil.copy(project / "terraform" / "run", script)
    for kind in ("tfvars", "s3.tfbackend"):
        (script.parent / "environments" / f"dev.{kind}").touch()
    notes = tmp_path / "notes"
    python = program(
        tmp_path / "bin" / "python",
        f"""echo "$@" >> {notes}; case "$*" in *" rights dev"*) exit {int(refused)} ;; esac""",
    )
    program(
        tmp_path / "bin" / "terraform",
        f"""echo " $@ " >> {notes}; for each; do case "$each" in -out=*) echo planned > "${{each#-out=}}" ;; esac; done""",
    )
    program(tmp_path / "bin" / "git", git)
    (tmp_path / "terraform" / ".terraform" / "dev").mkdir(parents=True)
    done = subprocess.run(
        [script, *arguments],
        cwd=tmp_path,
        env={"PATH": f"{python.parent}:{os.environ['PATH']}", "PYTHON": str(python), "LOSE_RIGHTS": lose},
        input=answer,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, notes.read_text().splitlines()


def program(path: Path, script: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def places(asked: list[str], *words: str) -> list[int]:
    """Where each of these was asked first."""
    return [next(at for at, line in enumerate(asked) if word in line) for word in words]


@pytest.mark.parametrize("command", ["deploy", "publish"])
@pytest.mark.parametrize("agreed", [(), ("agreed.tfplan",)], ids=["asked here", "agreed to before"])
def test_a_plan_is_applied_after_its_rights_were_asked_about(
    tmp_path: Path, project: Path, command: str, agreed: tuple[str, ...]
) -> None:
    status, asked = run(tmp_path, project, command, "dev", *agreed)
    assert status == 0, asked
    order = places(asked, RIGHTS, " apply ", " record dev")
    assert order == sorted(order)
    shown, applied = (asked[at].split()[-1] for at in places(asked, " show -json ", " apply "))
    assert shown == applied
    assert [line for line in asked if " plan " in line] == [] if agreed else shown in " ".join(asked)
    assert any("releases go dev" in line for line in asked) == (command == "deploy")


@pytest.mark.parametrize("command", ["deploy", "publish"])
@pytest.mark.parametrize("agreed", [(), ("agreed.tfplan",)], ids=["asked here", "agreed to before"])
def test_nothing_is_applied_where_rights_would_be_taken(
    tmp_path: Path, project: Path, command: str, agreed: tuple[str, ...]
) -> None:
    status, asked = run(tmp_path, project, command, "dev", *agreed, refused=True)
    assert status == 1
    assert [line for line in asked if " apply " in line or "record" in line] == []


@pytest.mark.parametrize("refused", [True, False])
def test_a_plan_that_takes_rights_is_kept_by_nobody(tmp_path: Path, project: Path, refused: bool) -> None:
    status, asked = run(tmp_path, project, "plan", "dev", "agreed.tfplan", refused=refused)
    assert (status, (tmp_path / "agreed.tfplan").exists()) == (int(refused), not refused), asked


def test_rights_are_lost_only_where_that_is_said(tmp_path: Path, project: Path) -> None:
    _, asked = run(tmp_path, project, "plan", "dev", lose="true")
    assert f"{RIGHTS} --lose-rights" in asked


@pytest.mark.parametrize("answer", ["", "y", "no", "yes please"])
def test_nothing_is_applied_that_nobody_agreed_to(tmp_path: Path, project: Path, answer: str) -> None:
    status, asked = run(tmp_path, project, "deploy", "dev", answer=answer)
    assert status == 2
    assert [line for line in asked if " apply " in line or "record" in line] == []


@pytest.mark.parametrize("failing", ["rev-parse", "status"])
def test_nothing_is_applied_whose_commit_cannot_be_told(tmp_path: Path, project: Path, failing: str) -> None:
    status, asked = run(tmp_path, project, "deploy", "dev", git=f'[ "$1" != {failing} ]')
    assert status == 1
    assert [line for line in asked if " apply " in line or "record" in line] == []


@pytest.fixture(scope="module")
def said(workspace: Workspace) -> list[Any]:
    """What Terraform says of its own tests of rights, which pass."""
    said = workspace.terraform(
        "test", "-json", "-verbose", f"-filter=tests/{RIGHTS_TESTS}", environment=COLLECTS_SELDOM
    )
    return [json.loads(line) for line in said.splitlines()]


def plan(said: list[Any], run: str) -> dict[str, Rights]:
    """As `terraform/run` has it from `terraform show -json`."""
    (found,) = (line["test_plan"] for line in said if line["type"] == "test_plan" and line["@testrun"] == run)
    return planned(json.dumps(found))


@pytest.fixture(scope="module")
def live(said: list[Any], project: Path) -> dict[str, Rights]:
    """The rights of a release that was recorded of the output after an apply."""
    (state,) = (line["test_state"] for line in said if line["type"] == "test_state")
    granted = state["outputs"]["release"]["value"]["granted"]  # the mock provider's sums are none
    made = Published.model_validate({**published(1).model_dump(), "granted": granted})
    return applied(made, wired((project / "resolvers" / "wiring.json").read_text(encoding="utf-8")))


OLD, NEW = (f"arn:aws:kms:eu-central-1:123456789012:key/{number}" for number in (1, 2))


def test_a_release_holds_what_variables_give(live: dict[str, Rights]) -> None:
    actions = {module: {pair.split(" ")[0] for pair in each.needed} for module, each in live.items()}
    assert {"s3:PutObject", "appconfig:GetLatestConfiguration", "kms:Decrypt"} <= actions["create_upload"]
    assert {"events:PutEvents", "sqs:SendMessage", "appsync:GraphQL"} <= actions["read_stream"]
    assert f"kms:Decrypt {OLD}" in live["messages"].needed
    assert not any(each.retired for each in live.values())


def test_a_key_that_is_taken_away_is_named_for_every_function(
    said: list[Any], live: dict[str, Rights]
) -> None:
    lacked = lacking(live, plan(said, "another_key"))
    assert lacked.keys() == live.keys()
    assert f"kms:Decrypt {OLD}" in lacked["authorizer"]
    assert all(OLD in pair for needs in lacked.values() for pair in needs)


def test_a_key_that_is_kept_for_a_release_is_not_missed(said: list[Any], live: dict[str, Rights]) -> None:
    beside = plan(said, "another_key_beside_the_old_one")
    lacked = lacking(live, beside)
    assert "authorizer" not in lacked
    assert "read_stream" not in lacked
    assert "messages" in lacked
    after = plan(said, "another_key")
    assert "authorizer" not in lacking(beside, after)  # in the release after that the old one goes


def test_files_flags_and_events_that_are_taken_away_are_named(
    said: list[Any], live: dict[str, Rights]
) -> None:
    lacked = lacking(live, plan(said, "without_files_events_or_flags"))
    actions = {pair.split(" ")[0] for pair in lacked["create_upload"]}
    assert actions == {
        "s3:PutObject",
        "appconfig:GetLatestConfiguration",
        "appconfig:StartConfigurationSession",
    }
    assert {pair.split(" ")[0] for pair in lacked["typing"]} == actions - {"s3:PutObject"}
    assert "read_stream" not in lacked  # it goes with its function


def test_of_what_is_made_anew_nothing_is_said_to_be_lost(said: list[Any], live: dict[str, Rights]) -> None:
    anew = plan(said, "made_anew")
    assert lacking(live, anew) == {}
    assert "create_upload" in lacking(live, known(anew))
