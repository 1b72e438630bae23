"""Arrows point inward, and importing a module does nothing but define."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from simulator.engine import PROJECT
from tests.contract.structure import PROGRAMS, Structure, imported

ROOTS = {package: PROJECT / folder for package, folder in PROGRAMS.items()}
ARROWS = {
    "chat": set(),
    "chat_lambda": {"chat"},
    "resolvers": {"chat", "chat_lambda"},
    "services": {"chat", "chat_lambda"},
    "schema": {"chat"},
    "reference": {"gateway", "proving", "schema"},
    "simulator": {"chat", "chat_lambda", "reference", "resolvers", "schema", "services"},
    "gateway": {"chat"},
    "migration": {"chat"},
    "releases": {"chat"},
    "restore": {"chat", "chat_lambda"},
    "privacy": {"chat", "chat_lambda"},
    "stream": {"chat"},
    "cost": {"chat"},
    "proving": {"cost"},
}  # type: dict[str, set[str]]
LIBRARIES = {
    "chat": {"jwt", "botocore", "cryptography"},
    "chat_lambda": {"aws_lambda_powertools"},
    "resolvers": set(),
    "services": set(),
    "schema": {"graphql"},
    "reference": {"fastapi", "graphql", "pydantic"},
    "gateway": {
        "aiohttp",
        "botocore",
        "fastapi",
        "prometheus_client",
        "pydantic",
        "uvicorn",
        "uvloop",
        "websockets",
    },
    "migration": {"boto3", "botocore", "pydantic"},
    "releases": {"boto3", "botocore", "pydantic"},
    "restore": {"boto3", "botocore", "pydantic"},
    "privacy": {"boto3", "botocore", "cryptography", "pydantic"},
    "stream": {"boto3", "botocore", "pydantic"},
    "cost": set(),
    "proving": {"aiohttp", "graphql"},
}  # type: dict[str, set[str]]
SOURCES = [(package, path) for package, root in ROOTS.items() for path in sorted(root.rglob("*.py"))]


def others(package: str, path: Path) -> set[str]:
    """The packages outside the standard library and outside its own that a file imports."""
    tops = {name.split(".")[0] for name in imported(path)}
    return tops - sys.stdlib_module_names - {package}


@pytest.mark.parametrize(("package", "path"), SOURCES, ids=lambda value: getattr(value, "stem", value))
def test_a_module_imports_only_what_lies_further_in(package: str, path: Path) -> None:
    assert others(package, path) & set(ROOTS) <= ARROWS[package]


FLOORS = {
    "rules": {"rules"},
    "identity": {"identity", "rules"},
    "storage": {"storage", "rules"},
    "deployment": {"storage", "rules"},
    "hooks": {"rules"},
    "steps": {"steps", "deployment", "storage", "rules"},
    "operations": {"deployment", "steps", "storage", "rules"},
}
"""What each floor of `chat` may import. An operation imports no other; what two of them share is a step."""


@pytest.mark.parametrize(
    "path", [path for package, path in SOURCES if package == "chat"], ids=lambda path: path.stem
)
def test_the_floors_of_the_rules_run_one_way(path: Path) -> None:
    floor = path.relative_to(ROOTS["chat"]).with_suffix("").parts[0]
    used = {name.split(".")[1] for name in imported(path) if name.startswith("chat.")}
    assert used <= FLOORS.get(floor, set())


def test_no_modules_of_the_rules_import_each_other_in_a_circle() -> None:
    assert Structure.of(PROJECT, {"chat": PROGRAMS["chat"]}).circles() == []


@pytest.mark.parametrize("package", LIBRARIES)
def test_rules_and_functions_use_these_libraries_and_no_framework(package: str) -> None:
    used = {name for owner, path in SOURCES if owner == package for name in others(package, path)}
    assert used - set(ROOTS) == LIBRARIES[package]


def test_one_module_of_the_rules_knows_botocore() -> None:
    knowing = [
        path.stem for package, path in SOURCES if package == "chat" and "botocore" in others(package, path)
    ]
    assert knowing == ["aws"]


def test_the_gateway_takes_of_the_rules_only_what_needs_no_database() -> None:
    """And botocore only where the service signs its requests: it takes memory and time."""
    source = (
        "import sys; sys.modules['botocore'] = None; import gateway.__main__, gateway.server, gateway.app"
    )
    environment = {"PYTHONPATH": ".:layers/chat/python"}
    subprocess.run([sys.executable, "-B", "-c", source], cwd=PROJECT, env=environment, check=True, timeout=60)


def test_of_costs_proving_takes_the_prices_alone_which_import_nothing() -> None:
    """They are in the wheel, and the rest of `cost/` is not."""
    used = {name for package, path in SOURCES if package == "proving" for name in imported(path)}
    taken = {".".join(name.split(".")[:2]) for name in used if name.split(".")[0] == "cost"}
    assert taken <= {"cost", "cost.prices"}
    assert imported(ROOTS["cost"] / "prices.py") == frozenset()


def test_no_program_bends_the_path_of_imports() -> None:
    """The process of a deployment's own rules takes over the path of the function that starts it, as it is."""
    bent = "sys" + ".path"
    assert [path.name for _, path in SOURCES if bent in path.read_text(encoding="utf-8")] == ["hooks.py"]


@pytest.mark.parametrize("package", ["chat", "chat_lambda", "resolvers", "services", "gateway"])
def test_settings_alone_read_the_environment(package: str) -> None:
    """Beside them, `init` asks whether this is Lambda, where a function prepares before its first call."""
    readers = {
        path.stem
        for owner, path in SOURCES
        if owner == package and "environ" in ast.dump(ast.parse(path.read_text(encoding="utf-8")))
    }
    assert readers <= {"settings", "init"}


IMPORT_ALL = """
import importlib, json, os, sys

ours = tuple(json.loads(sys.argv[1]))
seen = []

class Watched(dict):
    def note(self, name):
        caller = sys._getframe(2)
        while caller and ("importlib" in caller.f_code.co_filename or caller.f_code.co_filename.endswith("os.py")):
            caller = caller.f_back
        if caller and caller.f_code.co_filename.startswith(ours):
            seen.append([os.path.basename(caller.f_code.co_filename), str(name)])
    def __getitem__(self, name): self.note(name); return super().__getitem__(name)
    def __contains__(self, name): self.note(name); return super().__contains__(name)
    def get(self, name, default=None): self.note(name); return super().get(name, default)

def audit(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.fork", "os.mkdir", "os.remove"):
        seen.append([event, ""])

os.environ = Watched(os.environ)
sys.addaudithook(audit)
for name in json.loads(sys.argv[2]):
    importlib.import_module(name)
import gc
from botocore.client import BaseClient
seen += [["a client", ""] for each in gc.get_objects() if isinstance(each, BaseClient)]
print(json.dumps(seen))
"""


def test_importing_any_module_reads_no_environment_and_opens_nothing() -> None:
    modules = [
        ".".join([package, *path.relative_to(ROOTS[package]).with_suffix("").parts])
        for package, path in SOURCES
        if path.stem not in ("__main__", "__init__")
    ]
    done = subprocess.run(
        [sys.executable, "-B", "-c", IMPORT_ALL, json.dumps([str(root) for root in ROOTS.values()]), json.dumps(modules)],
        env={"PYTHONPATH": ".:layers/chat/python"},
        cwd=PROJECT, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    seen = {tuple(each) for each in json.loads(done.stdout)}
    assert seen == {("init.py", "AWS_LAMBDA_FUNCTION_NAME")}
    assert done.stderr == ""
