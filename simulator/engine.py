"""
The embedded DynamoDB, shared by every program of this folder that runs at the same time.

Each program is a *user* and holds a shared lock for its life; the kernel drops it however the program ends. A
small *host* (engine_host.py) owns the engine, waits for the exclusive lock, and so learns that the last user
is gone: it then ends the engine with SIGTERM, which saves the tables. Data is kept from run to run, and
nothing is left running behind a user that was killed. An engine that ends by itself is started again by its
host, at the same address; what that costs is told by engine_state.py.

Files, in `<root>/<kind>/`: start.lock (one start at a time), users.lock (shared by users), host.lock (held by
the host), engine.json (host, engine: process ids; endpoint), engine.log, running.json and unclean.json (engine_state.py),
data/.
"""

import fcntl
import http.client
import json
import os
import signal
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal, get_args

from simulator import dynamodb_local

Kind = Literal["ministack", "dynamodb-local"]
PROJECT = Path(__file__).resolve().parent.parent
MINISTACK = PROJECT / ".venv-ministack" / "bin" / "python"
START_SECONDS = 60.0  # DynamoDB Local takes 7 to 18 seconds on two busy cores


class EngineFailed(Exception):
    """The engine did not start, or does not answer; the text says why, and shows the end of its log."""


@contextmanager
def embedded(kind: Kind, root: Path, *, in_memory: bool = False) -> Iterator[str]:
    """
    The endpoint (a URL) of a running engine, which stays for as long as somebody is within such a context.
    `root` holds its files. Raises EngineFailed, dynamodb_local.CannotFetch.
    """
    if kind == "dynamodb-local":
        dynamodb_local.fetch(PROJECT / ".cache")
    elif not MINISTACK.exists():
        raise EngineFailed(f"{MINISTACK} is not there: `make .venv-ministack/installed` installs it.")
    home = home_of(kind, root)
    home.mkdir(parents=True, exist_ok=True)
    with (home / "users.lock").open("a") as users:
        with (home / "start.lock").open("a") as start:
            fcntl.flock(start, fcntl.LOCK_EX)
            fcntl.flock(
                users, fcntl.LOCK_SH
            )  # waits here while a host ends the engine that its last user left
            endpoint = _shared(kind, home, in_memory=in_memory)
        yield endpoint


def home_of(kind: Kind, root: Path) -> Path:
    """The folder of an engine's files, below the programs' `root`."""
    return root.resolve() / kind


def answers(endpoint: str) -> bool:
    """Whether a DynamoDB answers ListTables at `endpoint`, within a second."""
    headers = {
        "X-Amz-Target": "DynamoDB_20120810.ListTables",
        "Content-Type": "application/x-amz-json-1.0",
        "Authorization": "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, "
        "SignedHeaders=host, Signature=0",
    }
    address = urllib.parse.urlsplit(endpoint)
    connect = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
    connection = connect(address.hostname or "", address.port, timeout=1)
    try:
        connection.request("POST", "/", b"{}", headers)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def address(home: Path) -> str | None:
    """Where the engine of this folder answers, or answered when its host was killed; None where there is none."""
    state = _state(home)
    return str(state["endpoint"]) if state else None


def _shared(kind: Kind, home: Path, *, in_memory: bool) -> str:
    """The endpoint of the engine that is there already, or of a new one."""
    for _ in range(
        2
    ):  # a second time after a host that was ending, or a port that another program took first
        if not hosted(home):
            _end_orphan(home)
            _start_host(kind, home, in_memory=in_memory)
        _wait(lambda: _state(home) or not hosted(home), START_SECONDS, f"{kind} does not answer", home)
        if (state := _state(home)) and _answers_hosted(home, str(state["endpoint"])):
            return str(state["endpoint"])
    raise EngineFailed(f"{kind} ended while it started.\n{log_tail(home)}")


def _answers_hosted(home: Path, endpoint: str) -> bool:
    """Waits for an engine that may be busy. False when it ended instead."""
    _wait(lambda: answers(endpoint) or not hosted(home), 10, f"The engine at {endpoint} is silent", home)
    return hosted(home)


def _state(home: Path) -> dict[str, Any] | None:
    """What engine.json tells; None where there is none."""
    try:
        return dict(json.loads((home / "engine.json").read_text()))
    except FileNotFoundError:
        return None


def _end_orphan(home: Path) -> None:
    """Ends an engine whose host was killed. It must answer, or its process id may be another program's by
    now."""
    if (state := _state(home)) is None:
        return
    if answers(state["endpoint"]):
        with suppress(ProcessLookupError):
            os.kill(int(state["engine"]), signal.SIGTERM)
        _wait(lambda: not answers(state["endpoint"]), 30, "An engine without a host does not end", home)
    (home / "engine.json").unlink()


def _start_host(kind: Kind, home: Path, *, in_memory: bool) -> None:
    storage = "memory" if in_memory else "disk"
    with (home / "engine.log").open("w") as log:
        # The host leaves this process at once (it forks): nobody has to wait for it, and it outlives its
        # starter.
        subprocess.run(
            [sys.executable, "-m", "simulator.engine_host", kind, str(home), storage],
            cwd=PROJECT, env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=True,
        )  # fmt: skip


def hosted(home: Path) -> bool:
    """Whether a host lives: it holds host.lock."""
    with (home / "host.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def _wait(condition: Callable[[], object], seconds: float, otherwise: str, home: Path) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise EngineFailed(f"{otherwise} after {seconds:.0f} seconds.\n{log_tail(home)}")
        time.sleep(0.02)


def log_tail(home: Path) -> str:
    """The last lines that the engine wrote, with the place of the others."""
    log = home / "engine.log"
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return "\n".join([f"The end of {log}:", *lines[-15:]])


def main(root: Path, patience: float = 5) -> str | None:
    """For `make clean`: waits (seconds) for engines that are saving. What is wrong, if one is still in
    use."""
    deadline = time.monotonic() + patience
    while any(hosted(home) for kind in get_args(Kind) if (home := root / kind).is_dir()):
        if time.monotonic() > deadline:
            return f"An engine still uses {root}: stop `make run` first."
        time.sleep(0.02)
    return None


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
