"""
DynamoDB Local, AWS's own engine, under AWS's own licence: fetched when it is wanted, never part of this
repository.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/DynamoDBLocal.html
It binds every network interface and has no option for that: on a shared network, prefer the default engine.
"""

import base64
import hashlib
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

PACKAGE = "amplify-dynamodb-simulator"
VERSION = "2.9.30"
INTEGRITY = "sha512-xTeeRLvzEfqyd5lh3bH4c0kHvSHHmmhD5ZDsHFKAQ5g2Zl6JqlFdutaQhCLHzxEp6Ry1o7TB6niIoXuQAnSewQ=="
NEEDS = ("java", "npm")


class CannotFetch(Exception):
    """DynamoDB Local cannot be had here; the text says why, and what to do."""


def missing() -> list[str]:
    """The programs that DynamoDB Local needs and that are not on PATH."""
    return [program for program in NEEDS if shutil.which(program) is None]


def fetch(cache: Path) -> Path:
    """The folder that holds DynamoDBLocal.jar, under `cache`; 56 MB are fetched through npm the first
    time."""
    folder = cache / "dynamodb-local" / VERSION
    if folder.is_dir():
        return folder
    if absent := missing():
        raise CannotFetch(
            f"DynamoDB Local needs {' and '.join(absent)} on PATH: use ENGINE=ministack instead."
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as workspace:
        _extract(_packed(Path(workspace)), Path(workspace))
        try:
            (Path(workspace) / "package" / "emulator").rename(folder)
        except OSError:  # another process was faster: its folder came from the same verified archive
            if not folder.is_dir():
                raise
    return folder


def command(folder: Path, port: int, data: Path | None) -> list[str]:
    """The command that serves on `port` and keeps its tables in the folder `data`, or in memory."""
    return [
        "java",
        "-XX:TieredStopAtLevel=1",  # with the next line, half the time to start
        "-XX:+UseSerialGC",
        f"-Djava.library.path={folder / 'DynamoDBLocal_lib'}",
        "-jar",
        str(folder / "DynamoDBLocal.jar"),
        "-sharedDb",
        "-disableTelemetry",
        "-port",
        str(port),
        *(("-inMemory",) if data is None else ("-dbPath", str(data))),
    ]


def _packed(workspace: Path) -> Path:
    pack = ["npm", "pack", "--silent", "--json", "--ignore-scripts", f"{PACKAGE}@{VERSION}"]
    done = subprocess.run(pack, cwd=workspace, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CannotFetch(f"npm could not fetch {PACKAGE}@{VERSION}: {done.stderr.strip()[-500:]}")
    archive = workspace / str(json.loads(done.stdout)[0]["filename"])
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if f"sha512-{digest}" != INTEGRITY:
        raise CannotFetch(
            f"{PACKAGE}@{VERSION} is not the archive that is pinned here: its sha512 is {digest}."
        )
    return archive


def _extract(archive: Path, workspace: Path) -> None:
    with tarfile.open(archive) as package:
        emulator = [member for member in package if member.isfile() and _wanted(member.name)]
        package.extractall(workspace, members=emulator, filter="data")


def _wanted(name: str) -> bool:
    return name.startswith("package/emulator" + os.sep)
