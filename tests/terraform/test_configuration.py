"""Terraform's own judgement of `terraform/`, without a cloud: form,
validity, and its tests on a mock provider."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.emulator.deployment import PROJECT, Failed, Workspace

COLLECTS_SELDOM = {"GOGC": "400"}
"""Terraform reads the provider's schema again for each run: collecting
that garbage is a quarter of the time."""

pytestmark = [
    pytest.mark.skipif(
        shutil.which("terraform") is None and not os.environ.get("CI"), reason="terraform is not on PATH"
    ),
    pytest.mark.timeout(300),
]


@pytest.fixture(scope="module")
def wiring(project: Path) -> Any:
    return json.loads((project / "resolvers" / "wiring.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory, wiring: Any) -> Workspace:
    """An initialised workspace, with a package for each function that only its name makes one, where `make
    package` puts it and the configuration looks when nobody says otherwise."""
    home = tmp_path_factory.mktemp("workspace")
    wired = (wiring["authorizer"], *wiring["fields"].values(), *wiring["services"].values())
    modules = [each["module"] for each in wired]
    for name in ("layer-chat", "layer-dependencies-arm64", *(f"functions/{module}" for module in modules)):
        package = home / "dist" / f"{name}.zip"
        package.parent.mkdir(parents=True, exist_ok=True)
        package.write_text(name)
    workspace = Workspace(home)
    try:
        workspace.prepare(backend=False)
    except Failed as failure:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"neither the registry nor a folder of providers can be had: {str(failure)[-300:]}")
    return workspace


def test_the_files_are_in_their_form(project: Path) -> None:
    command = ["terraform", "fmt", "-check", "-recursive", "-diff", str(project / "terraform")]
    form = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (form.returncode, form.stdout) == (0, ""), form.stderr


def test_the_configuration_is_valid(workspace: Workspace) -> None:
    verdict = json.loads(workspace.terraform("validate", "-json"))
    assert verdict["diagnostics"] == []


@pytest.mark.parametrize("file", sorted(path.name for path in PROJECT.glob("terraform/tests/*.tftest.hcl")))
def test_terraforms_own_tests_pass(workspace: Workspace, file: str) -> None:
    said = workspace.terraform("test", f"-filter=tests/{file}", environment=COLLECTS_SELDOM)
    assert re.search(r"Success! [1-9]\d* passed, 0 failed", said)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "Which deployment?"),
        (["plan"], "Which deployment?"),
        (
            ["plan", "nowhere"],
            "environments/nowhere.tfvars is absent: copy environments/nowhere.tfvars.example",
        ),
    ],
)
def test_a_deployment_that_is_not_described_stops_with_a_sentence(
    project: Path, arguments: list[str], sentence: str
) -> None:
    done = subprocess.run(
        [project / "terraform" / "run", *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert sentence in done.stderr


def test_every_alarm_has_its_line_in_the_runbook(project: Path) -> None:
    alarms = "".join(
        (project / "terraform" / f"{name}.tf").read_text(encoding="utf-8")
        for name in ("alarms", "objectives")
    )
    kinds = re.findall(r"^    ([a-z0-9-]+) = \{\n +means ", alarms, re.MULTILINE)
    named = set(re.findall(r"docs/runbook\.md, ([a-z-]+)\.", alarms))
    runbook = (project / "docs" / "runbook.md").read_text(encoding="utf-8")
    described = set(re.findall(r"^\| `([a-z0-9-]+)` \|", runbook, re.MULTILINE))
    assert len(kinds) > 15
    assert described == {*kinds, *named}


def test_every_setting_that_the_wiring_names_is_one_that_functions_read(project: Path, wiring: Any) -> None:
    """Terraform passes on what the wiring lists; a name that no settings know would be passed on in vain."""
    settings = (project / "layers/chat/python/chat_lambda/settings.py").read_text(encoding="utf-8")
    for each in (wiring["authorizer"], *wiring["fields"].values()):
        for name in (*each["settings"], *each["secrets"]):
            assert re.search(rf"^    {name.lower()}: ", settings, re.MULTILINE), name
