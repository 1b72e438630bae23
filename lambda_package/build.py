"""Build what Lambda runs: a layer of dependencies, a layer of the chat's rules, and a zip for each function.

Lambda unpacks layers below /opt, where /opt/python is importable, and a function below /var/task:
https://docs.aws.amazon.com/lambda/latest/dg/python-layers.html
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from lambda_package.archive import pack

PROJECT = Path(__file__).parent.parent
LOCK = PROJECT / "layers" / "dependencies" / "requirements.lock"
CHAT = PROJECT / "layers" / "chat" / "python"
WIRING = PROJECT / "resolvers" / "wiring.json"

GLIBC = ("manylinux_2_34", "manylinux_2_28", "manylinux2014")
"""What python3.13 in Lambda can load: it runs on Amazon Linux 2023, whose glibc is 2.34."""

NEEDED_TO_BUILD = ("cffi", "pycparser", "bin")
"""What cryptography brings for building it; at run time it loads `_cffi_backend` alone."""

ROUTERS = "aws_lambda_powertools/event_handler"
"""A tenth of the layer: routers for functions that answer many fields or paths. Ours have one each."""

SERVICES = ("dynamodb", "events", "kms", "s3", "secretsmanager", "sqs", "ssm")
"""The services whose stock data stay in botocore: to fall back on, and all that there is of S3 and KMS."""


def build(target: Path, architectures: Iterable[str | None]) -> list[Path]:
    """The zips in `target`, built by and for the running Python: `layer-dependencies-x86_64.zip`,
    `layer-chat.zip` and `functions/<module>.zip`.

    An architecture is `x86_64` or `arm64`, or `None` for this machine.
    """
    return [
        *(dependencies_layer(target, architecture) for architecture in architectures),
        chat_layer(target),
        *(function(target, package, module) for module, package in modules().items()),
    ]


def modules() -> dict[str, str]:
    """The functions' modules, as `resolvers/wiring.json` names them, each with the folder that holds it."""
    wiring = json.loads(WIRING.read_text(encoding="utf-8"))
    folders = {entry["module"]: "resolvers" for entry in (wiring["authorizer"], *wiring["fields"].values())}
    folders |= {entry["module"]: "services" for entry in wiring["services"].values()}
    return dict(sorted(folders.items()))


def dependencies_layer(target: Path, architecture: str | None) -> Path:
    """The packages of the lock, and of each what is needed to run."""
    with tempfile.TemporaryDirectory() as scratch:
        packages = Path(scratch, "python")
        _install(packages, architecture)
        _trim(packages)
        _compile(packages, "/opt/python")
        archive = target / f"layer-dependencies-{architecture or 'native'}.zip"
        pack(Path(scratch), archive)
    return archive


def chat_layer(target: Path) -> Path:
    """`chat` and `chat_lambda`."""
    with tempfile.TemporaryDirectory() as scratch:
        shutil.copytree(CHAT, Path(scratch, "python"), ignore=shutil.ignore_patterns("__pycache__"))
        _compile(Path(scratch, "python"), "/opt/python")
        archive = target / "layer-chat.zip"
        pack(Path(scratch), archive)
    return archive


def function(target: Path, package: str, module: str) -> Path:
    """One function: its own module alone. Lambda's handler is `<package>.<module>.handler`."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, package)
        folder.mkdir()
        shutil.copy(PROJECT / package / f"{module}.py", folder)
        _compile(folder, f"/var/task/{package}", check=True)  # Lambda's console edits it
        archive = target / "functions" / f"{module}.zip"
        pack(Path(scratch), archive)
    return archive


def _install(packages: Path, architecture: str | None) -> None:
    """The wheels of the lock, each checked by its hash; nothing is built here."""
    machine = {"arm64": "aarch64"}.get(architecture or "", architecture)
    platforms = [f"--platform={glibc}_{machine}" for glibc in GLIBC] if architecture else []
    run_python(
        [
            *("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile", "--no-deps"),
            *(
                "--require-hashes",
                "--only-binary=:all:",
                *platforms,
                f"--target={packages}",
                f"--requirement={LOCK}",
            ),
        ]
    )


def _trim(packages: Path) -> None:
    """Leave out what no function loads. Licences stay."""
    for name in (*NEEDED_TO_BUILD, ROUTERS):
        shutil.rmtree(packages / name, ignore_errors=True)
    for path in sorted(packages.rglob("*"), reverse=True):
        parts = path.relative_to(packages).parts
        in_info = parts[0].endswith(".dist-info")
        if path.is_dir() and path.name in ("tests", "__pycache__"):
            shutil.rmtree(path)
        elif path.suffix == ".pyi" or (in_info and path.name in ("RECORD", "INSTALLER", "REQUESTED")):
            path.unlink()
    data = packages / "botocore" / "data"
    for folder in data.iterdir():
        if folder.is_dir() and folder.name not in SERVICES:
            shutil.rmtree(folder)
    for examples in data.rglob("examples-1.json*"):
        examples.unlink()


def _compile(folder: Path, home: str, *, check: bool = False) -> None:
    """Write bytecode that does not go by its source's time: files get other times on their way into Lambda.

    `home` is where the folder will be, for tracebacks. `check`: each start reads the source and compares its hash,
    which two hundred modules of a layer need not have done, since nobody can change them there.
    https://docs.python.org/3/reference/import.html#pyc-invalidation
    """
    mode = "checked-hash" if check else "unchecked-hash"
    run_python(
        ["-m", "compileall", "-q", "--invalidation-mode", mode, "-s", str(folder), "-p", home, str(folder)]
    )


def run_python(arguments: list[str], **environment: str) -> None:
    """The running Python with these arguments, in the project's folder; `environment` is added to its own."""
    # A fixed seed keeps the order of sets in bytecode; PYTHON* of the caller would reach what is built.
    own = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    own |= {"PYTHONHASHSEED": "0", **environment}
    subprocess.run([sys.executable, *arguments], check=True, cwd=PROJECT, env=own)
