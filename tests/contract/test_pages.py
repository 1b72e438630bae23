"""The pages say what there is: paths, functions, targets, links, fields,
refusals, tables and pictures are the code's own."""

import ast
import json
import re
import subprocess
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from graphql import ObjectTypeDefinitionNode, parse

from chat.rules import errors
from schema.source import FED_BY
from simulator.engine import PROJECT
from simulator.settings import OPTIONS, SCHEMA, WIRING
from tests.contract.test_imports import FLOORS, ROOTS


def tracked(pattern: str = "*") -> list[str]:
    """The files of the repository that are there, by their paths from its root."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", pattern]
    listed = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.split("\0") if name and (PROJECT / name).is_file()]


PAGES = {name: (PROJECT / name).read_text(encoding="utf-8") for name in tracked("*.md")}
PRESENT = [name for name in PAGES if name != "CHANGELOG.md"]
"""The pages that speak of what is; a changelog also speaks of what was."""
FILES = tracked()
PLACES = {*FILES, *(f"{parent}/" for name in FILES for parent in Path(name).parents)}
IGNORED = (PROJECT / ".gitignore").read_text(encoding="utf-8").split()
MAKEFILE = (PROJECT / "Makefile").read_text(encoding="utf-8")
TARGETS = re.findall(r"^([a-z-]+):[^#\n]*## ", MAKEFILE, re.MULTILINE)
CODE = "\n".join(path.read_text(encoding="utf-8") for path in sorted(ROOTS["chat"].rglob("*.py")))

FENCED = re.compile(r"^```.*?^```|(?:^ {4,}[^\n]+\n)+", re.MULTILINE | re.DOTALL)
PATH = re.compile(r"[\w.-]+(?:/[\w.-]+)*(?:/|\.(?:py|md|json|tf|hcl|graphql|toml|in|lock|yml|yaml))")
MOST_WORDS = 1_100
"""How long the README may be: what a stranger reads before deciding."""
ELSEWHERE = {
    "environments/prod.tfvars", "dev.tfvars", "dev.s3.tfbackend", "roster.json", "terraform/roots/deployment/.terraform.lock.hcl",
    "pending/", "kept/", "held/", "avatars/", "exports/", "manifest.json", "undelivered/", "python/acme/chat.py", "chat.py",
}  # fmt: skip
"""What whoever deploys makes, and folders of buckets."""


def prose(page: str) -> str:
    """A page without its blocks of code."""
    return FENCED.sub("", PAGES[page])


def spans(page: str) -> list[str]:
    """What stands between backticks in a page's prose."""
    return [" ".join(each.split()) for each in re.findall(r"`([^`]+)`", prose(page))]


def section(page: str, title: str) -> str:
    """What stands under a heading, up to the next of its rank."""
    found = re.search(rf"^(##+) {re.escape(title)}\n(.*?)(?=^\1 |\Z)", PAGES[page], re.MULTILINE | re.DOTALL)
    assert found, f"{page} has no section {title}"
    return found[2]


def first_cells(text: str) -> list[str]:
    """What stands between backticks in the first cells of a text's tables."""
    return [
        each
        for cell in re.findall(r"^\| ([^|]*)", text, re.MULTILINE)
        for each in re.findall(r"`([^`]+)`", cell)
    ]


def ignored(path: str) -> bool:
    """Whether git ignores it: what a target of the Makefile makes."""
    return any(path == each or path.startswith(each) for each in IGNORED)


def places(path: str) -> list[str]:
    """The files and folders that a path in a page may mean: from the root, or
    from a folder that the page speaks of."""
    return [name for name in PLACES if name == path or name.endswith(f"/{path}")]


def defines(file: str, name: str) -> bool:
    """Whether a module defines a name at its top; with a dot, whether the class before it does."""
    body: list[ast.stmt] = ast.parse((PROJECT / file).read_text(encoding="utf-8")).body
    for part in name.split("."):
        found = [node for node in body if part in names_of(node)]
        if not found:
            return False
        body = [inner for node in found if isinstance(node, ast.ClassDef) for inner in node.body]
    return True


def names_of(node: ast.stmt) -> set[str]:
    """The names that a statement defines."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    targets = (
        node.targets
        if isinstance(node, ast.Assign)
        else [node.target]
        if isinstance(node, ast.AnnAssign)
        else []
    )
    return {each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)}


@pytest.mark.parametrize("page", PRESENT)
def test_every_path_that_a_page_names_is_there(page: str) -> None:
    paths = {span.partition(":")[0] for span in spans(page) if PATH.fullmatch(span.partition(":")[0])}
    assert {path for path in paths - ELSEWHERE if not places(path) and not ignored(path)} == set()


@pytest.mark.parametrize("page", PRESENT)
def test_every_function_that_a_page_names_is_there(page: str) -> None:
    named = [
        match.groups()
        for span in spans(page)
        if (match := re.fullmatch(r"([\w./-]+\.py):([A-Za-z_][\w.]*)", span))
    ]
    assert [
        f"{file}:{name}" for file, name in named if not any(defines(place, name) for place in places(file))
    ] == []


@pytest.mark.parametrize("page", PRESENT)
def test_every_target_that_a_page_names_is_in_the_makefile(page: str) -> None:
    code = [*spans(page), *FENCED.findall(PAGES[page])]
    named = {
        target
        for text in code
        for target in re.findall(r"(?:^|\()\s*make(?: -s)? ([a-z][a-z-]*)", text, re.MULTILINE)
    }
    assert named <= set(TARGETS)


OUTPUT = re.compile(r"terraform (?:\w+ )?output (?:-\w+ )*(\w+)")


@pytest.mark.parametrize("page", [page for page in PRESENT if OUTPUT.search(PAGES[page])])
def test_every_output_that_a_page_names_is_one_of_the_deployment(page: str) -> None:
    outputs = (PROJECT / "terraform/roots/deployment/outputs.tf").read_text(encoding="utf-8")
    known = set(re.findall(r'^output "(\w+)"', outputs, re.MULTILINE))
    assert set(OUTPUT.findall(PAGES[page])) <= known


@pytest.mark.parametrize("page", PAGES)
def test_every_link_of_a_page_leads_somewhere(page: str) -> None:
    broken = []
    for link in re.findall(r"\[[^\]]*\]\(([^)\s]+)\)", prose(page)):
        file, _, anchor = link.partition("#")
        target = Path(page).parent / file if file else Path(page)
        name = str((PROJECT / target).resolve().relative_to(PROJECT)) if "://" not in link else None
        if name and (name not in FILES or (anchor and anchor not in anchors(name))):
            broken.append(link)
    assert broken == []


def anchors(page: str) -> set[str]:
    """A page's headings as GitHub makes anchors of them."""
    headings = re.findall(r"^#+ (.+)$", FENCED.sub("", PAGES[page]), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_page_can_be_reached_from_the_readme() -> None:
    seen, ahead = set(), ["README.md"]
    while ahead:
        page = ahead.pop()
        seen.add(page)
        links = re.findall(r"\]\(([^)#\s]+\.md)", prose(page))
        linked = {
            str((PROJECT / page).parent.joinpath(link).resolve().relative_to(PROJECT)) for link in links
        }
        ahead += sorted(linked - seen)
    assert seen == set(PAGES)


def test_the_readme_is_short() -> None:
    assert len(PAGES["README.md"].split()) <= MOST_WORDS


def test_every_folder_has_its_line() -> None:
    folders = {name.partition("/")[0] for name in FILES if "/" in name}
    named = {folder.partition("/")[0] for folder in first_cells(section("README.md", "Where things are"))}
    assert named == {folder for folder in folders if not folder.startswith(".")}


def test_every_folder_of_tests_has_its_line() -> None:
    named = first_cells(section("CONTRIBUTING.md", "Where does a test go?"))
    assert sorted(named) == sorted({f"tests/{name.split('/')[1]}/" for name in tracked("tests/*/*")})


@pytest.mark.parametrize("root", ["Query", "Mutation", "Subscription"])
def test_every_field_has_its_place(root: str) -> None:
    schema = parse(SCHEMA.read_text(encoding="utf-8"))
    (node,) = [
        each
        for each in schema.definitions
        if isinstance(each, ObjectTypeDefinitionNode) and each.name.value == root
    ]
    named = section("README.md", "What it can do")
    names = [
        field.name.value for field in node.fields or () if f"{root}.{field.name.value}" not in FED_BY.values()
    ]
    assert [name for name in names if f"`{name}`" not in named] == []


def test_every_refusal_has_its_line_on_the_page_and_on_the_dashboard() -> None:
    refusals = {each.__name__ for each in errors.ChatError.__subclasses__()}
    names, _, _ = section("docs/clients.md", "Refusals").partition("| `NotAllowed` with")
    assert set(first_cells(names)) == refusals
    dashboard = (PROJECT / "terraform" / "dashboard.tf").read_text(encoding="utf-8")
    assert [name for name in refusals if f'"{name}"' not in dashboard] == []


def test_every_reason_has_its_line() -> None:
    reasons = set(re.findall(r'NotAllowed\([^)]*reason="(\w+)"', CODE))
    _, _, table = section("docs/clients.md", "Refusals").partition("| `NotAllowed` with")
    assert set(first_cells(f"| `NotAllowed` with{table}")) == {"NotAllowed", "reason="} | reasons


def test_every_target_has_its_line_and_nothing_else_has() -> None:
    named = first_cells(section("CONTRIBUTING.md", "The Makefile's words"))
    assert sorted(named) == sorted(f"make {target}" for target in TARGETS)


def test_every_setting_of_the_local_api_has_its_line() -> None:
    named = first_cells(section("docs/local.md", "Settings of `make run`"))
    assert set(named) == {name.upper() for name in OPTIONS["run"]} - {"STATE"}


def test_the_picture_of_the_floors_is_what_imports_are_held_to() -> None:
    (picture,) = re.findall(r"```mermaid\n(.*?)```", section("docs/architecture.md", "The floors"), re.DOTALL)
    arrows: dict[str, set[str]] = {
        floor: set() for floor in re.findall(r'^  (\w+)\["', picture, re.MULTILINE)
    }
    for above, below in re.findall(r"^  (\w+) --> (\w+)$", picture, re.MULTILINE):
        arrows[above].add(below)
    reached: dict[str, set[str]] = {}
    for floor in TopologicalSorter(arrows).static_order():
        reached[floor] = arrows[floor].union(*(reached[below] for below in arrows[floor]))
    assert reached == {floor: below - {floor} for floor, below in FLOORS.items()}


def test_the_table_of_keys_names_every_kind_of_key() -> None:
    keys = [(ROOTS["chat"] / "storage" / "keys.py"), (ROOTS["chat"] / "rules" / "rooms.py")]
    texts = [
        node.value
        for path in keys
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    kinds = {match[1] for text in texts if (match := re.fullmatch(r"([A-Z]{2,})(?:#~?)?", text))}
    cells = re.findall(r"^\|([^|]*)\|([^|]*)\|", section("docs/architecture.md", "The tables"), re.MULTILINE)
    named = {
        word for pair in cells for cell in pair for word in re.findall(r"`([A-Z]{3,}|[A-Z]{2,}(?=#))", cell)
    }
    assert named == kinds


def test_every_decision_has_its_day() -> None:
    headings = re.findall(r"^### (.+)$", PAGES["docs/decisions.md"], re.MULTILINE)
    assert [heading for heading in headings if not re.match(r"20\d\d-\d\d-\d\d: [A-Z`\w]", heading)] == []


def test_pages_that_count_the_functions_count_all() -> None:
    wiring = json.loads(WIRING.read_text(encoding="utf-8"))
    count = len(wiring["fields"]) + len(wiring["services"]) + 1  # the authorizer
    counted = {page: re.findall(r"\b(\d+) functions\b", text) for page, text in PAGES.items()}
    assert {page: numbers for page, numbers in counted.items() if set(numbers) - {str(count)}} == {}
