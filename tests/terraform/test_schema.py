"""The schema that HCL puts together is what `make schema` prints."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from graphql import strip_ignored_characters

from schema.source import FED_BY, Publish, ours
from tests.emulator.deployment import Workspace
from tests.schema.test_schema_data import composed

POOL = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Ab12Cd34E"
SOURCES: dict[str, dict[str, Any]] = {
    "lambda": {"name": "theirs", "type": "lambda"},
    "cognito": {"name": "pool", "type": "cognito", "issuer": POOL, "clients": ["web"]},
    "oidc": {"name": "sso", "type": "oidc", "issuer": "https://sso.example.com", "clients": ["web"]},
    "iam": {"name": "services", "type": "iam", "callers": []},
}
THREE = ("Query.messages", "Mutation.sendMessage", "Subscription.onMessage")
CASES: dict[str, tuple[list[str], str, tuple[str, ...] | None, Publish]] = {
    "one_mode": (["lambda"], "lambda", None, "sender"),
    "all_modes": (["lambda", "cognito", "oidc", "iam"], "lambda", None, "sender"),
    "three_fields": (["cognito", "iam"], "cognito", THREE, "sender"),
    "one_mode_by_the_stream": (["lambda"], "lambda", None, "stream"),
    "iam_alone_by_the_stream": (["iam"], "iam", None, "stream"),
    "three_fields_by_the_stream": (["cognito", "iam"], "cognito", THREE, "stream"),
}
ONE_MINE = ("Query.me", "Query.sync", "Subscription.onMine")
CASES |= {
    "people_told": (["lambda", "cognito"], "lambda", ONE_MINE, "sender"),
    "people_told_by_the_stream": (
        ["lambda", "cognito"],
        "lambda",
        (*ONE_MINE, "Subscription.onMessage"),
        "stream",
    ),
}
HEAD = """
mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  environment = "test"
  region      = "eu-central-1"
  existing    = { authorizer = { arn = "arn:aws:lambda:eu-central-1:123456789012:function:theirs" } }
}
"""


def hcl(value: object) -> str:
    """A value as HCL writes it."""
    match value:
        case dict():
            return "{ " + ", ".join(f"{key} = {hcl(each)}" for key, each in value.items()) + " }"
        case list() | tuple():
            return "[" + ", ".join(map(hcl, value)) + "]"
        case None:
            return "null"
        case _:
            return f'"{value}"'


def run(name: str, modes: Sequence[str], fields: Sequence[str] | None, publish: Publish) -> str:
    return f"""
run "{name}" {{
  command = plan

  variables {{
    identity   = {hcl([SOURCES[mode] for mode in modes])}
    fields     = {hcl(fields)}
    publish    = "{publish}"
    objectives = {{ fields = ["Query.messages"] }}
  }}
}}
"""


@pytest.fixture
def file(workspace: Workspace) -> Path:
    written = workspace.folder / "tests" / "schema_generated.tftest.hcl"
    runs = [run(name, modes, fields, publish) for name, (modes, _, fields, publish) in CASES.items()]
    written.write_text(HEAD + "".join(runs))
    return written


def internal_of(fields: Sequence[str], publish: Publish) -> list[str]:
    """The internal mutations that come with these fields."""
    return [each for name, each in FED_BY.items() if name in fields and each in ours(publish).fields]


def test_hcl_puts_the_schema_together_as_make_schema_prints_it(workspace: Workspace, file: Path) -> None:
    said = workspace.terraform(
        "test", "-json", "-verbose", f"-filter=tests/{file.name}", environment={"GOGC": "400"}
    )
    lines = [json.loads(line) for line in said.splitlines()]
    made = {
        line["@testrun"]: line["test_plan"]["output_changes"]["schema"]["after"]
        for line in lines
        if line["type"] == "test_plan"
    }
    assert made.keys() == CASES.keys()
    for name, (modes, default, fields, publish) in CASES.items():
        chosen = [*(fields or ours(publish).fields), *internal_of(fields or (), publish)]
        expected = composed(chosen, modes, default, publish)
        assert strip_ignored_characters(made[name]) == strip_ignored_characters(expected), name
