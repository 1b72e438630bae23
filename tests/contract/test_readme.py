"""The README names what there is: folders, refusals and their reasons, fields."""

import re
import subprocess

import pytest
from graphql import ObjectTypeDefinitionNode, parse

from chat.rules import errors
from simulator.engine import PROJECT

README = (PROJECT / "README.md").read_text(encoding="utf-8")
CODE = "\n".join(
    path.read_text(encoding="utf-8") for path in (PROJECT / "layers/chat/python/chat").rglob("*.py")
)


def section(title: str) -> str:
    return README.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def first_column(table: str) -> list[str]:
    return re.findall(r"^\| `([^`]+)`", table, re.MULTILINE)


def test_every_folder_has_its_line() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--", "*/*"], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    folders = {name.partition("/")[0] for name in listed.stdout.splitlines()}
    named = {folder.partition("/")[0] for folder in first_column(section("Where things are"))}
    assert named == {folder for folder in folders if not folder.startswith(".")}


def test_every_refusal_has_its_line() -> None:
    refusals = {
        name
        for name, each in vars(errors).items()
        if isinstance(each, type) and issubclass(each, errors.ChatError) and each is not errors.ChatError
    }
    assert set(first_column(section("Refusals").partition("| `NotAllowed` with")[0])) == refusals


def test_every_reason_has_its_line() -> None:
    reasons = re.findall(r'NotAllowed\([^)]*reason="(\w+)"', CODE)
    assert set(first_column(section("Refusals").partition("| `NotAllowed` with")[2])) == set(reasons)


@pytest.mark.parametrize("root", ["Query", "Mutation", "Subscription"])
def test_every_field_has_its_place(root: str) -> None:
    schema = parse((PROJECT / "resolvers" / "schema.graphql").read_text(encoding="utf-8"))
    (node,) = [
        each
        for each in schema.definitions
        if isinstance(each, ObjectTypeDefinitionNode) and each.name.value == root
    ]
    told = section("What it can do")
    assert [field.name.value for field in node.fields or () if f"`{field.name.value}`" not in told] == []
