"""Terraform's own judgement of `terraform/`, without a cloud: form, validity, and its tests on a mock provider: of the module,
of the examples that use it, and of the root that `make deploy` uses."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chat.identity.sources import parse_sources
from terraform import reference
from tests.emulator.deployment import PROJECT, ROOT, Workspace
from tests.terraform.plans import COLLECTS_SELDOM, GATEWAY_TESTS, RIGHTS_TESTS

USERS = [ROOT, *(f"examples/{path.name}" for path in sorted((PROJECT / "terraform" / "examples").iterdir()))]
"""The configurations that use the module."""

OWN_TESTS = sorted(
    path.name
    for path in PROJECT.glob("terraform/tests/*.tftest.hcl")
    if path.name not in (GATEWAY_TESTS, RIGHTS_TESTS)
)
"""But for those whose plans `test_alarms.py` and `test_rights_kept.py` read, and which pass there."""

WITHOUT_IDENTITY = (ROOT, "examples/complete", "examples/events")
"""Those that have the short form, and one whose pool is unknown."""


def test_the_files_are_in_their_form(project: Path) -> None:
    command = ["terraform", "fmt", "-check", "-recursive", "-diff", str(project / "terraform")]
    form = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (form.returncode, form.stdout) == (0, ""), form.stderr


@pytest.mark.parametrize("at", ["", *USERS])
def test_every_configuration_is_valid(workspace: Workspace, at: str) -> None:
    verdict = json.loads(used_from(workspace, at).terraform("validate", "-json"))
    assert verdict["diagnostics"] == []


@pytest.mark.parametrize("file", OWN_TESTS)
def test_the_modules_own_tests_pass(workspace: Workspace, file: str) -> None:
    said = workspace.terraform("test", f"-filter=tests/{file}", environment=COLLECTS_SELDOM)
    assert re.search(r"Success! [1-9]\d* passed, 0 failed", said)


@pytest.mark.parametrize("at", USERS)
def test_who_uses_it_can_plan_and_names_sources_that_are_ones(workspace: Workspace, at: str) -> None:
    """Terraform looks at the sources of identity only as far as it needs them: the functions judge the rest."""
    said = used_from(workspace, at).terraform("test", "-json", "-verbose", environment=COLLECTS_SELDOM)
    lines = [json.loads(line) for line in said.splitlines()]
    (summary,) = [line["test_summary"] for line in lines if line["type"] == "test_summary"]
    assert (summary["status"], summary.get("failed", 0)) == ("pass", 0)
    given = {each for line in lines for each in _values(line, "IDENTITY")}
    assert given or at in WITHOUT_IDENTITY
    for text in given:
        parse_sources(text)


def used_from(workspace: Workspace, at: str) -> Workspace:
    """The configuration in this folder of the workspace, initialised."""
    configuration = Workspace(workspace.home, at)
    if at:
        configuration.initialise(backend=False)
    return configuration


def _values(node: Any, name: str) -> Iterator[str]:
    """All texts under this key, at any depth."""
    if isinstance(node, dict):
        if isinstance(text := node.get(name), str):
            yield text
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from _values(each, name)


def test_whatever_can_be_tagged_is(workspace: Workspace) -> None:
    """A team's provider has no default tags of ours."""
    schemas = json.loads(workspace.terraform("providers", "schema", "-json"))["provider_schemas"]
    (provider,) = (schema for name, schema in schemas.items() if name.endswith("/hashicorp/aws"))
    found = [
        (kind, name, block)
        for path in sorted((PROJECT / "terraform").glob("*.tf"))
        for kind, name, block in re.findall(
            r'^resource "(aws_\w+)" "(\w+)" \{\n(.*?)^\}$', path.read_text(), re.MULTILINE | re.DOTALL
        )
    ]
    assert len(found) > 60
    assert [
        f"{kind}.{name}"
        for kind, name, block in found
        if "tags" in provider["resource_schemas"][kind]["block"]["attributes"]
        and not re.search(r"^  tags += local\.tags$", block, re.MULTILINE)
    ] == []


def test_the_root_passes_everything_on(project: Path) -> None:
    main = (project / "terraform" / ROOT / "main.tf").read_text(encoding="utf-8")
    passed = set(re.findall(r"^  (\w+) +=", main[main.index('module "chat"') :], re.MULTILINE)) - {"source"}
    assert passed == {each.name for found in reference.variables().values() for each in found}


def test_what_is_generated_of_the_variables_is_current() -> None:
    """`make data` makes it anew."""
    assert reference.REFERENCE.read_text(encoding="utf-8") == reference.reference()
    assert reference.PASSED_ON.read_text(encoding="utf-8") == reference.passed_on()


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
        for name in ("alarms", "gateway_alarms", "objectives")
    )
    kinds = re.findall(r"^    ([a-z0-9-]+) = \{\n +means ", alarms, re.MULTILINE)
    named = set(re.findall(r"docs/runbook\.md, ([a-z-]+)\.", alarms))
    runbook = (project / "docs" / "runbook.md").read_text(encoding="utf-8")
    described = set(re.findall(r"^\| `([a-z0-9-]+)` \|", runbook, re.MULTILINE))
    assert len(kinds) > 15
    objectives = json.loads((project / "terraform" / "objectives.json").read_text(encoding="utf-8"))
    assert described == {*kinds, *named, *objectives["least_counted"]}


def test_every_setting_that_the_wiring_names_is_one_that_functions_read(project: Path, wiring: Any) -> None:
    """Terraform passes on what the wiring lists; a name that no settings know would be passed on in vain."""
    settings = (project / "layers/chat/python/chat_lambda/settings.py").read_text(encoding="utf-8")
    for each in (wiring["authorizer"], *wiring["fields"].values()):
        for name in (*each["settings"], *each["secrets"]):
            assert re.search(rf"^    {name.lower()}: ", settings, re.MULTILINE), name
