"""Builds what people look at in a browser while the API is there already, where Node and npm are.

It is built again when its sources, or those of the client that it stands on, have changed. Of two runs that come at once
one builds.
"""

import fcntl
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from simulator.engine import PROJECT

LEFT_OUT = frozenset({"node_modules", "dist", "test", "coverage"})
STAMP = ".sources"
"""In the built folder: the hash of what it was built from."""
OLDEST_NODE = 20
STEPS = (
    ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"),
    ("npm", "run", "build"),
)

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Package:
    """What npm builds in `folder`, from that and the other `sources`. `unless_built`: what is so without it."""

    name: str
    folder: Path
    sources: tuple[Path, ...]
    unless_built: str

    @property
    def built(self) -> Path:
        return self.folder / "dist"

    @property
    def log(self) -> Path:
        return PROJECT / ".cache" / f"{self.name}.log"


WEB, CLIENT = PROJECT / "web", PROJECT / "clients" / "typescript" / "src"
PAGE = Package("page", WEB, (WEB, CLIENT), "The page is a plain one")
EXPLORER = Package(
    "explorer",
    PROJECT / "explorer",
    (
        PROJECT / "explorer",
        CLIENT / "transports",
        WEB / "src" / "config.ts",
        WEB / "src" / "session" / "demo.ts",
        WEB / "src" / "styles" / "tokens.css",
    ),
    "There is no API explorer",
)
PACKAGES = (PAGE, EXPLORER)


def build_later(say: Say) -> None:
    """Begins to build what needs it; `say` gets one sentence for each that there will not be."""
    threading.Thread(target=_build_and_say, args=(say,), name="page", daemon=True).start()


def _build_and_say(say: Say) -> None:
    for package in PACKAGES:
        if problem := build(package):
            say(f"{package.unless_built}: {problem}")


def build_all() -> str | None:
    """Builds each that is not there as its sources are. Returns the first reason why there is none, if so."""
    return next((problem for package in PACKAGES if (problem := build(package))), None)


def build(package: Package) -> str | None:
    """Builds it unless it is there as its sources are. Returns why there is none, if so."""
    if not package.folder.is_dir():
        return f"this checkout has no {package.folder.name}/."
    wanted = digest_of(package)
    if _is_built(package, wanted):
        return None
    if problem := _missing():
        return problem
    package.log.parent.mkdir(exist_ok=True)
    with package.log.with_suffix(".lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if _is_built(package, wanted):  # by the run that came first
            return None
        return _run(package, wanted)


def _run(package: Package, wanted: str) -> str | None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    with package.log.open("w") as log:
        for step in STEPS:
            if step[1] == "ci" and _is_installed(package):
                continue
            status = subprocess.run(
                (*_politely(), *step),
                cwd=package.folder,
                stdout=log,
                stderr=log,
                env=environment,
                check=False,
            ).returncode
            if status:
                return f"{' '.join(step[:2])} failed, as {package.log.relative_to(PROJECT)} says."
    (package.built / STAMP).write_text(wanted)
    return None


def _politely() -> tuple[str, ...]:
    """The API comes first on a small machine."""
    return ("nice", "-n", "10") if shutil.which("nice") else ()


def _is_built(package: Package, wanted: str) -> bool:
    try:
        return (package.built / STAMP).read_text() == wanted and (package.built / "index.html").is_file()
    except OSError:
        return False


def _is_installed(package: Package) -> bool:
    """Whether what the lock names is there: npm writes its own list after it has installed everything."""
    try:
        installed = (package.folder / "node_modules" / ".package-lock.json").stat().st_mtime
    except OSError:
        return False
    return installed > (package.folder / "package-lock.json").stat().st_mtime


def _missing() -> str | None:
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return f"Node {OLDEST_NODE} and npm are needed to build it."
    told = subprocess.run((node, "--version"), capture_output=True, text=True, check=False).stdout
    major = told.strip().removeprefix("v").partition(".")[0]
    if not major.isdecimal() or int(major) < OLDEST_NODE:
        return f"Node {OLDEST_NODE} is needed to build it, and this is {told.strip() or 'none'}."
    return None


def digest_of(package: Package) -> str:
    """Of the names and the bytes of everything that it is built from."""
    digest = sha256()
    for source in package.sources:
        for path in _files(source):
            digest.update(str(path.relative_to(PROJECT)).encode() + b"\0")
            digest.update(sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _files(place: Path) -> Iterator[Path]:
    """The file itself, or the files below the folder, in the order of their names."""
    if place.is_file():
        yield place
    for entry in sorted(place.iterdir()) if place.is_dir() else ():
        if entry.is_file() or entry.name not in LEFT_OUT:
            yield from _files(entry)
