"""`scripts/*.ps1` are PowerShell by its grammar, and the same entry as the make target that they call. They are not run
here: no PowerShell is."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import tree_sitter_powershell
from tree_sitter import Language, Node, Parser

from simulator.engine import PROJECT

SCRIPTS = sorted((PROJECT / "scripts").glob("*.ps1"))
ENTRY = PROJECT / "scripts" / "run-websocket-messaging-tests.ps1"
BRACKETS = re.compile(rb"[(){}\[\]]")


@pytest.fixture(scope="module")
def parser() -> Parser:
    return Parser(Language(tree_sitter_powershell.language()))


def nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from nodes(child)


def texts(parser: Parser, path: Path, kind: str) -> list[str]:
    """What stands in a script as a node of this kind, in its order."""
    tree = parser.parse(path.read_bytes())
    return [(node.text or b"").decode() for node in nodes(tree.root_node) if node.type == kind]


def test_there_is_a_script() -> None:
    assert ENTRY in SCRIPTS


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_has_no_error_of_syntax(parser: Parser, script: Path) -> None:
    tree = parser.parse(script.read_bytes())
    broken = [node.start_point for node in nodes(tree.root_node) if node.is_error or node.is_missing]
    assert (broken, tree.root_node.has_error) == ([], False)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_bracket_that_is_missing_would_be_seen(parser: Parser, script: Path) -> None:
    text = script.read_bytes()
    code = re.sub(rb"(?m)^#.*$", lambda comment: b" " * len(comment[0]), text)
    places = [found.start() for found in BRACKETS.finditer(code)]
    assert len(places) > 20
    unseen = [at for at in places if not parser.parse(text[:at] + text[at + 1 :]).root_node.has_error]
    assert unseen == []


def test_it_passes_what_the_make_target_knows_and_all_of_that(parser: Parser, project: Path) -> None:
    literals = [text.strip("'") for text in texts(parser, ENTRY, "verbatim_string_characters")]
    passed = {found[1] for text in literals if (found := re.match(r"([A-Z_]+)=", text))}
    makefile = (project / "Makefile").read_text(encoding="utf-8")
    (options,) = re.findall(r"^test-web: .*## .*\[(.*)\]$", makefile, re.MULTILINE)
    assert passed == set(re.findall(r"([A-Z_]+)=", options))
    assert "test-web" in literals
    read = "".join(path.read_text(encoding="utf-8") for path in (project / "tests/integration").glob("*.js"))
    assert [
        name
        for name in sorted(passed)
        if not re.search(rf"\benv\.{name}\b|\{{.*\b{name}\b.*\}} = process\.env", read)
    ] == []


def test_each_of_its_parameters_is_used_and_described(parser: Parser) -> None:
    declared = [text.lstrip("$") for text in texts(parser, ENTRY, "variable")]
    head, _, body = ENTRY.read_text(encoding="utf-8").partition("param(")
    parameters = re.findall(r"\] \$(\w+)", body[: body.index("\n)")])
    assert len(parameters) == 4
    assert [name for name in parameters if declared.count(name) < 2] == []
    assert re.findall(r"\[-(\w+)", head) == parameters
