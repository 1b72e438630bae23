"""Builds the chat's page while the API is there already, where Node and npm are.

It is built again when its sources, or those of the client that it stands on, have changed. Of two runs that come at once
one builds.
"""

import fcntl
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

from simulator.engine import PROJECT

WEB = PROJECT / "web"
BUILT = WEB / "dist"
SOURCES = (WEB, PROJECT / "clients" / "typescript" / "src")
LEFT_OUT = frozenset({"node_modules", "dist", "test", "coverage"})
STAMP = ".sources"
"""In the built folder: the hash of what it was built from."""
OLDEST_NODE = 20
LOG = PROJECT / ".cache" / "page.log"
STEPS = (
    ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"),
    ("npm", "run", "build"),
)

Say = Callable[[str], None]


def build_later(say: Say) -> None:
    """Begins to build if that is needed; `say` gets one sentence where there will be no page."""
    threading.Thread(target=_build_and_say, args=(say,), name="page", daemon=True).start()


def _build_and_say(say: Say) -> None:
    if problem := build():
        say(f"The page is a plain one: {problem}")


def build() -> str | None:
    """Builds the page unless it is there as its sources are. Returns why there is none, if so."""
    if not WEB.is_dir():
        return "this checkout has no web/."
    wanted = digest_of_sources()
    if _is_built(wanted):
        return None
    if problem := _missing():
        return problem
    LOG.parent.mkdir(exist_ok=True)
    with (LOG.parent / "page.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if _is_built(wanted):  # by the run that came first
            return None
        return _run(wanted)


def _run(wanted: str) -> str | None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    with LOG.open("w") as log:
        for step in STEPS:
            if step[1] == "ci" and _is_installed():
                continue
            status = subprocess.run(
                (*_politely(), *step), cwd=WEB, stdout=log, stderr=log, env=environment, check=False
            ).returncode
            if status:
                return f"{' '.join(step[:2])} failed, as {LOG.relative_to(PROJECT)} says."
    (BUILT / STAMP).write_text(wanted)
    return None


def _politely() -> tuple[str, ...]:
    """The API comes first on a small machine."""
    return ("nice", "-n", "10") if shutil.which("nice") else ()


def _is_built(wanted: str) -> bool:
    try:
        return (BUILT / STAMP).read_text() == wanted and (BUILT / "index.html").is_file()
    except OSError:
        return False


def _is_installed() -> bool:
    """Whether what the lock names is there: npm writes its own list after it has installed everything."""
    try:
        installed = (WEB / "node_modules" / ".package-lock.json").stat().st_mtime
    except OSError:
        return False
    return installed > (WEB / "package-lock.json").stat().st_mtime


def _missing() -> str | None:
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return f"Node {OLDEST_NODE} and npm are needed to build it."
    told = subprocess.run((node, "--version"), capture_output=True, text=True, check=False).stdout
    major = told.strip().removeprefix("v").partition(".")[0]
    if not major.isdecimal() or int(major) < OLDEST_NODE:
        return f"Node {OLDEST_NODE} is needed to build it, and this is {told.strip() or 'none'}."
    return None


def digest_of_sources() -> str:
    """Of the names and the bytes of everything that the page is built from."""
    digest = sha256()
    for folder in SOURCES:
        for path in _files(folder):
            digest.update(str(path.relative_to(PROJECT)).encode() + b"\0")
            digest.update(sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    """Files below a folder, in the order of their names."""
    for entry in sorted(folder.iterdir()) if folder.is_dir() else ():
        if entry.is_dir():
            if entry.name not in LEFT_OUT:
                yield from _files(entry)
        elif entry.is_file():
            yield entry
