"""Cold starts: CPU of whole processes, from the interpreter's start to a handler that is ready."""

import compileall
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from bench.setting import INTERPRETER, PROJECT, Setting

BARE = """
import botocore.session
botocore.session.get_session().create_client("dynamodb", region_name="us-east-1")
"""
"""What everything is compared with: a DynamoDB client of botocore with its stock data."""

Case = tuple[str, Mapping[str, str]]
"""Code, and the environment of the process that runs it."""


MODULES = ("send_message", "messages", "on_message", "authorizer")


def cases(setting: Setting, earlier: Path | None) -> dict[str, Case]:
    """What is measured against `BARE`, by name; with each function of ours, the same function of an `earlier`
    package."""
    ours: dict[str, Case] = {}
    for module in MODULES:
        ours[f"cold {module}"] = (f"import resolvers.{module}", setting.of_package())
        if earlier:
            ours[f"cold {module}, baseline"] = (f"import resolvers.{module}", setting.of_package(earlier))
    peers = {
        "cold fields, usual way": ("import bench.peer", setting.of_peer()),
        "cold authorizer, usual way": ("import bench.peer_authorizer", setting.of_peer()),
    }
    return {**ours, **peers}


def measure(setting: Setting, pairs: int, scratch: Path, earlier: Path | None) -> dict[str, list[float]]:
    """Ratios by name, one for each pair: a case over `BARE`, and the package with new times over itself.
    `earlier` is the package of another state of this project, whose functions are measured beside ours."""
    bare, wanted = (BARE, setting.of_peer()), cases(setting, earlier)
    touched = with_new_times(setting.package, scratch / "touched")
    itself = wanted["cold send_message"]
    renewed = (itself[0], setting.of_package(touched))
    compileall.compile_dir(PROJECT / "bench", quiet=1)  # the peer's own bytecode must be there as well
    for case in (bare, renewed, *wanted.values()):
        seconds(case)  # the files are in memory from here on
    found: dict[str, list[float]] = {name: [] for name in wanted}
    found["cold send_message, files with new times"] = []
    found["bare botocore, ms"] = []
    for _ in range(pairs):
        for name, case in wanted.items():
            base = seconds(bare)
            found[name].append(seconds(case) / base)
            found["bare botocore, ms"].append(base * 1_000)
        base = seconds(itself)
        found["cold send_message, files with new times"].append(seconds(renewed) / base)
    return found


def with_new_times(package: Path, target: Path) -> Path:
    """A copy of the package in which every file was modified just now, as unpacking a zip may do."""
    shutil.copytree(package, target)
    for path in target.rglob("*"):
        if path.is_file():
            os.utime(path)
    return target


def seconds(case: Case) -> float:
    """CPU of one process, user and system. It writes no bytecode, and ends without clearing up: Lambda does
    neither."""
    code, environment = case
    command = [*INTERPRETER, "-B", "-c", f"{code}\nimport os\nos._exit(0)"]
    with subprocess.Popen(command, env=environment, cwd="/", stdout=subprocess.DEVNULL) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"failed: {code}")
    return used.ru_utime + used.ru_stime
