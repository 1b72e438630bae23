"""What goes into Lambda: complete, small, the same every time, and never compiled there."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest

from lambda_package.archive import unpacked_size
from lambda_package.build import modules
from simulator.keys import SigningKey, local_secrets
from simulator.settings import functions_environment
from tests.package.copies import copy_of

MIB = 1024 * 1024

BUILD = """if True:
    import sys
    from pathlib import Path
    from lambda_package.build import build
    build(Path(sys.argv[1]), [None])
"""

START = """if True:
    import gc, importlib, importlib.machinery, json, os, sys
    compiled, texts, data, sources = [], [], [], []
    def watch(event, given):
        if event == "compile" and given[0] is not None:
            texts.append(str(given[1]))
        elif event == "open" and str(given[0]).endswith(".json"):
            data.append(os.path.getsize(given[0]))
        elif event == "open" and str(given[0]).endswith(".py"):
            sources.append(given[0])
    sys.addaudithook(watch)
    to_code = importlib.machinery.SourceFileLoader.source_to_code
    def counted(self, data, path, **options):
        compiled.append(str(path))
        return to_code(self, data, path, **options)
    importlib.machinery.SourceFileLoader.source_to_code = counted
    handler = importlib.import_module(sys.argv[1]).handler
    homes = sorted({getattr(sys.modules[name], "__file__", None) or "" for name in ("chat", "jwt", "botocore") if name in sys.modules})
    print(json.dumps({
        "callable": callable(handler), "modules": sorted(sys.modules), "compiled": compiled,
        "collecting": gc.isenabled(), "homes": homes, "texts": len(texts), "data": sum(data),
        "sources": len(sources),
    }))
"""


def lambda_python() -> str:
    """Python 3.13, as in Lambda, where this machine has it; else the Python of the tests."""
    found = shutil.which("python3.13")
    environment = {**os.environ, "PYENV_VERSION": "3.13"}
    asked = [found or sys.executable, "-c", "import pip, sys; print(sys.executable)"]
    done = subprocess.run(asked, env=environment, capture_output=True, text=True, check=False)
    return done.stdout.strip() or sys.executable


@pytest.fixture(scope="module")
def zips(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package for this machine, as `make package` builds it for Lambda."""
    return build(project, tmp_path_factory.mktemp("dist"))


def build(project: Path, target: Path, umask: int = -1) -> Path:
    environment = {**os.environ, "PYTHONPATH": str(project)}
    done = subprocess.run(
        [lambda_python(), "-B", "-c", BUILD, str(target)],
        cwd=project,
        env=environment,
        umask=umask,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return target


@pytest.fixture
def task(zips: Path, tmp_path: Path) -> Path:
    return with_layers(zips, tmp_path)


def with_layers(zips: Path, task: Path) -> Path:
    """The layers as Lambda unpacks them; every file was modified just now."""
    for layer in zips.glob("layer-*.zip"):
        unzip(layer, task / "opt")
    return task


def unzip(archive: Path, target: Path) -> None:
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(target)


@pytest.fixture(scope="module")
def environment(key: SigningKey, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A function's environment; nothing listens where its DynamoDB should be."""
    secrets = local_secrets(tmp_path_factory.mktemp("secrets"))
    own = functions_environment(
        endpoint="http://127.0.0.1:9", secrets=secrets, jwks={"JWT_JWKS": key.jwks.decode()}
    )
    return {**own, "AWS_LAMBDA_FUNCTION_NAME": "test"}


def as_in_the_cloud(environment: dict[str, str], dynamodb: str) -> dict[str, str]:
    """The environment of a function for which botocore knows the address, which is moved to `dynamodb`."""
    own = {name: value for name, value in environment.items() if name != "DYNAMODB_ENDPOINT"}
    return {**own, "AWS_ENDPOINT_URL_DYNAMODB": dynamodb}


def start(zips: Path, task: Path, environment: dict[str, str], module: str) -> dict[str, Any]:
    """What a process tells of itself after the init phase, with nothing but the package to import from."""
    unzip(zips / "functions" / f"{module}.zip", task / "var")
    path = f"{task / 'var'}:{task / 'opt' / 'python'}"
    said = subprocess.check_output(
        [lambda_python(), "-S", "-B", "-c", START, f"{modules()[module]}.{module}"],
        env={**environment, "PYTHONPATH": path},
        cwd="/",
        text=True,
    )
    found: dict[str, Any] = json.loads(said)
    return found


@pytest.fixture(scope="module")
def layers(zips: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What functions find in /opt, unpacked once for all that only read it."""
    return with_layers(zips, tmp_path_factory.mktemp("task"))


@dataclass(frozen=True)
class Started:
    """A function after its init phase: its module, the folder of its layers, and what the process tells of itself."""

    module: str
    opt: Path
    found: dict[str, Any]


@pytest.fixture(scope="module", params=modules())
def started(
    request: pytest.FixtureRequest,
    zips: Path,
    layers: Path,
    environment: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Started:
    """Each function, started once for all that is asked of it."""
    own = tmp_path_factory.mktemp(request.param)
    (own / "opt").symlink_to(layers / "opt")
    return Started(request.param, own / "opt", start(zips, own, environment, request.param))


def test_a_function_starts_from_its_package_alone_and_compiles_nothing(started: Started) -> None:
    assert started.found["callable"]
    assert started.found["compiled"] == []
    assert started.found["collecting"]
    assert all(home.startswith(str(started.opt)) for home in started.found["homes"])


HEAVY = {"boto3", "s3transfer", "aws_xray_sdk", "awscrt", "pydantic", "aws_lambda_powertools.event_handler"}


def test_a_function_imports_nothing_heavy(started: Started) -> None:
    found = set(started.found["modules"])
    assert found & HEAVY == set()
    assert ("botocore.client" in found) == (
        started.module not in ("authorizer", "publish_message", "publish_mine")
    )
    assert ("jwt" in found) == (started.module == "authorizer")


MOST = {"modules": 450, "texts": 130, "data": 64_500, "sources": 1}
"""What a cold start costs, in what cannot flake: modules imported, pieces of text that Python compiles (a class made
by `dataclass` is one with six methods in it, a record one with `__init__` alone, once an object is made), bytes of
data read, sources read: the function's own. A bare client of botocore imports 327 modules, and reads 1.4 MB."""
MOST_OF_GUILDS = {**MOST, "modules": 456}
"""It reads whether somebody is being erased, whom a service adds."""
MOST_OF_PROJECTIONS = {**MOST, "modules": 477}
MOST_OF_JOBS = {**MOST, "modules": 500}
"""Nobody waits for its start: a schedule calls it."""
MOST_OF_THE_AUTHORIZER = {"modules": 306, "texts": 40, "data": 0, "sources": 1}


def test_a_cold_start_costs_no_more_than_it_did(started: Started) -> None:
    others = {
        "authorizer": MOST_OF_THE_AUTHORIZER,
        "guild_membership": MOST_OF_GUILDS,
        "project_stream": MOST_OF_PROJECTIONS,
        "run_jobs": MOST_OF_JOBS,
    }
    most = others.get(started.module, MOST)
    cost = {**started.found, "modules": len(started.found["modules"])}
    assert {name: cost[name] for name in most if cost[name] > most[name]} == {}


def test_every_frozen_class_of_the_functions_is_a_record(project: Path) -> None:
    """What `dataclass` alone makes costs a cold start three times as much."""
    sources = (project / "layers" / "chat" / "python").rglob("*.py")
    found = [path.name for path in sources if "@dataclass(frozen=True" in path.read_text(encoding="utf-8")]
    assert found == []


def test_rules_of_ones_own_come_from_a_layer_beside_ours(
    zips: Path, task: Path, environment: dict[str, str]
) -> None:
    """They import what lies in layers, and the function itself imports nothing of theirs."""
    acme = task / "opt" / "python" / "acme"
    acme.mkdir()
    (acme / "chat.py").write_text(
        "import acme.words\nfrom chat.hooks import Refuse\ndef may_add(inviter, person, room): raise Refuse('no')\n"
    )
    (acme / "words.py").write_text("")
    found = start(zips, task, {**environment, "CHAT_HOOKS": "acme.chat"}, "add_member")
    assert found["callable"]
    assert found["compiled"] == []
    assert "chat_lambda.hooks" in found["modules"]
    assert [name for name in found["modules"] if name.startswith("acme")] == []
    with pytest.raises(subprocess.CalledProcessError):
        start(zips, task, {**environment, "CHAT_HOOKS": "acme.absent"}, "add_member")


def test_the_layer_and_the_functions_are_small(zips: Path) -> None:
    (layer,) = zips.glob("layer-dependencies-*.zip")
    assert unpacked_size(layer) <= 27 * MIB
    functions = sorted(zips.glob("functions/*.zip"))
    assert [each.stem for each in functions] == list(modules())
    assert all(each.stat().st_size <= 100 * 1024 for each in functions)


def test_a_function_holds_its_own_module_alone(zips: Path) -> None:
    for module, folder in modules().items():
        with zipfile.ZipFile(zips / "functions" / f"{module}.zip") as opened:
            sources = [name for name in opened.namelist() if name.endswith(".py")]
        assert sources == [f"{folder}/{module}.py"]


def test_the_same_files_give_the_same_bytes_in_another_folder(
    project: Path, zips: Path, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    again = build(copy_of(project, tmp_path / "elsewhere"), tmp_path / "dist", umask=0o077)
    names = sorted(path.relative_to(zips) for path in zips.rglob("*.zip"))
    assert len(names) == 2 + len(modules())
    assert [name for name in names if (zips / name).read_bytes() != (again / name).read_bytes()] == []


def test_source_without_bytecode_would_be_noticed(
    zips: Path, task: Path, environment: dict[str, str]
) -> None:
    operations = task / "opt" / "python" / "chat" / "operations"
    shutil.rmtree(operations / "__pycache__")
    compiled = start(zips, task, environment, "on_message")["compiled"]
    assert str(operations / "on_message.py") in compiled


class Counting(BaseHTTPRequestHandler):
    """A DynamoDB that knows no room and counts what it is asked."""

    asked: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        self.asked.append(self.headers["X-Amz-Target"])
        self.rfile.read(int(self.headers["Content-Length"]))
        body = b'{"Responses": {"gg_core": []}, "UnprocessedKeys": {}}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  http.server's name
        """Say nothing."""


def test_init_opens_the_connection_that_the_first_call_needs(
    zips: Path, task: Path, environment: dict[str, str]
) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Counting) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        counted = as_in_the_cloud(environment, f"http://127.0.0.1:{server.server_port}")
        start(zips, task, counted, "messages")
        server.shutdown()
    assert Counting.asked == ["DynamoDB_20120810.BatchGetItem"]


def test_init_survives_a_dynamodb_that_cannot_be_reached(
    zips: Path, task: Path, environment: dict[str, str]
) -> None:
    unreachable = as_in_the_cloud(environment, "http://127.0.0.1:9")
    assert start(zips, task, unreachable, "send_message")["callable"]
