"""What runs on the platform of the repository: no step passes that failed, and nothing runs that somebody else can move."""

import re
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # it comes with moto

from simulator.engine import PROJECT

WORKFLOWS = {path.name: path for path in sorted((PROJECT / ".github" / "workflows").glob("*.yml"))}


@pytest.fixture(params=sorted(WORKFLOWS))
def workflow(request: Any) -> dict[Any, Any]:
    read: dict[Any, Any] = yaml.safe_load(WORKFLOWS[request.param].read_text(encoding="utf-8"))
    return read


def steps(workflow: dict[Any, Any]) -> Iterator[dict[str, Any]]:
    for job in workflow["jobs"].values():
        yield from job["steps"]


def test_a_pipe_fails_with_any_of_its_programs(workflow: dict[Any, Any]) -> None:
    """`shell: bash` is `bash --noprofile --norc -eo pipefail {0}`; without it, it is `bash -e {0}`.

    https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#exit-codes-and-error-action-preference
    """
    assert workflow["defaults"] == {"run": {"shell": "bash"}}
    assert [step for step in steps(workflow) if "shell" in step] == []
    assert [job for job in workflow["jobs"].values() if "defaults" in job] == []


def test_each_action_is_one_commit_whose_version_stands_beside_it(workflow: dict[Any, Any]) -> None:
    used = [step["uses"] for step in steps(workflow) if "uses" in step]
    assert used
    assert [name for name in used if not re.fullmatch(r"[\w-]+/[\w/-]+@[0-9a-f]{40}", name)] == []
    for path in WORKFLOWS.values():
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if "uses:" in line]
        assert [line for line in lines if not re.search(r" # v\d+(\.\d+)*$", line)] == []


def test_one_action_has_one_version() -> None:
    used = {step["uses"] for path in WORKFLOWS.values() for step in steps(yaml.safe_load(path.read_text()))
            if "uses" in step}  # fmt: skip
    assert len(used) == len({name.partition("@")[0] for name in used})


def test_each_job_ends_and_asks_for_no_more_than_it_needs(workflow: dict[Any, Any]) -> None:
    assert workflow["permissions"]["contents"] == "read"
    assert [name for name, job in workflow["jobs"].items() if "timeout-minutes" not in job] == []
    given = {**workflow["permissions"], **{k: v for job in workflow["jobs"].values() for k, v in job.get("permissions", {}).items()}}  # fmt: skip
    assert set(given.items()) <= {("contents", "read"), ("id-token", "write")}


def test_no_script_is_made_of_what_others_may_write(workflow: dict[Any, Any]) -> None:
    """An expression in a script is replaced before the shell reads it: a branch's name would be run."""
    assert [step["run"] for step in steps(workflow) if "${{" in step.get("run", "")] == []


def test_each_script_is_read_by_bash(workflow: dict[Any, Any]) -> None:
    for step in steps(workflow):
        if "run" in step:
            done = subprocess.run(
                ["bash", "-n"], input=step["run"], capture_output=True, text=True, check=False
            )
            assert (done.returncode, done.stderr) == (0, ""), step["run"]


def test_no_program_fails_unseen_within_another_command(workflow: dict[Any, Any]) -> None:
    """`export NAME=$(program)` and `command "$(program)"` go on where the program fails; `name=$(program)` ends the step.

    https://www.shellcheck.net/wiki/SC2155
    """
    within = [
        line.strip()
        for step in steps(workflow)
        for line in step.get("run", "").splitlines()
        if "$(" in line and not re.match(r"\s*\w+=\S*\$\(", line)
    ]
    assert within == []


def assert_only_pushed_and_passed(condition: str) -> None:
    for part in (
        "event == 'push'",
        "conclusion == 'success'",
        "head_repository.full_name == github.repository",
    ):
        assert f"github.event.workflow_run.{part}" in condition


def test_dev_follows_only_what_was_pushed_and_has_passed() -> None:
    """`workflow_run` runs with the repository's rights for a fork's pull request, too, whose branch may be called main."""
    deploy = yaml.safe_load(WORKFLOWS["deploy.yml"].read_text(encoding="utf-8"))
    assert set(deploy[True]) == {"workflow_run", "workflow_dispatch"}  # YAML 1.1 reads `on` as true
    assert deploy[True]["workflow_run"] == {
        "workflows": ["check"],
        "types": ["completed"],
        "branches": ["main"],
    }
    assert_only_pushed_and_passed(deploy["jobs"]["plan"]["if"])
    assert [deploy["jobs"][name].get("needs") for name in ("plan", "apply", "release")] == [
        None,
        "plan",
        "apply",
    ]
    refs = [
        step["with"]["ref"] for step in steps(deploy) if step.get("uses", "").startswith("actions/checkout@")
    ]
    assert refs == ["${{ github.event.workflow_run.head_sha || github.sha }}"] * 3


def test_staging_and_prod_get_what_is_proven_before_them_and_a_failed_smoke_test_rolls_back() -> None:
    deploy = yaml.safe_load(WORKFLOWS["deploy.yml"].read_text(encoding="utf-8"))
    assert (
        "inputs.environment == 'prod' && 'staging' || inputs.environment == 'staging' && 'dev'"
        in deploy["env"]["FROM"]
    )
    assert {name: job["environment"] for name, job in deploy["jobs"].items()} == {
        "plan": "${{ inputs.environment || 'dev' }}-plan",
        "apply": "${{ inputs.environment || 'dev' }}",
        "release": "${{ inputs.environment || 'dev' }}",
    }
    last = deploy["jobs"]["release"]["steps"][-4:]
    assert [step.get("id", step["run"]) for step in last] == [
        "make -s release-go",
        "smoke",
        "make -s release-prove",
        "make -s rollback",
    ]
    assert last[-1]["if"] == "failure() && steps.smoke.outcome == 'failure'"


def test_the_image_is_built_of_what_has_passed_for_the_tasks_processor_and_signed_by_its_digest() -> None:
    image = yaml.safe_load(WORKFLOWS["image.yml"].read_text(encoding="utf-8"))
    push = image["jobs"]["push"]
    assert_only_pushed_and_passed(push["if"])
    (ref,) = [
        step["with"]["ref"] for step in push["steps"] if step.get("uses", "").startswith("actions/checkout@")
    ]
    assert ref == "${{ github.event.workflow_run.head_sha }}"
    variables = (PROJECT / "terraform" / "variables_gateway.tf").read_text(encoding="utf-8")
    assert re.search(r'architecture += optional\(string, "ARM64"\)', variables)
    assert {job["runs-on"] for job in image["jobs"].values()} == {"ubuntu-24.04-arm"}
    script = "\n".join(step.get("run", "") for step in push["steps"])
    assert "--sbom=true" in script
    assert 'image="$REPOSITORY@$(jq -er' in script
    assert 'cosign sign --yes "$image"' in script


def test_an_image_begins_from_one_digest() -> None:
    bases = re.findall(r"^FROM (\S+)", (PROJECT / "gateway" / "Dockerfile").read_text(), re.MULTILINE)
    assert len(bases) == 2
    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:3\.\d+-slim@sha256:[0-9a-f]{64}", bases[0])
