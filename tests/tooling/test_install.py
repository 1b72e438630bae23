"""Installing an environment says how far it is, ends quietly at
Ctrl-C, and never takes half for the whole."""

import hashlib
import http.server
import os
import re
import signal
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from simulator.install import Progress

WHEEL = "chatparcel-1.0-py3-none-any.whl"
INFO = "chatparcel-1.0.dist-info"


@dataclass
class Index:
    """A package index with one package, which answers when it may. `asked`: somebody waits for an answer."""

    folder: Path
    asked: threading.Event = field(default_factory=threading.Event)
    may_answer: threading.Event = field(default_factory=threading.Event)
    address: str = ""

    @property
    def wheel(self) -> Path:
        return self.folder / WHEEL

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.wheel.read_bytes()).hexdigest()


def make_wheel(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("chatparcel.py", "")
        wheel.writestr(f"{INFO}/METADATA", "Metadata-Version: 2.1\nName: chatparcel\nVersion: 1.0\n")
        wheel.writestr(f"{INFO}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{INFO}/RECORD", "chatparcel.py,,\n")


@contextmanager
def serving(index: Index) -> Iterator[None]:
    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            index.asked.set()
            index.may_answer.wait(60)
            page = f'<a href="/{WHEEL}">{WHEEL}</a>'.encode()
            body = index.wheel.read_bytes() if self.path.endswith(".whl") else page
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Says nothing of clients that have gone away."""

    with Server(("127.0.0.1", 0), Answers) as server:
        index.address = f"http://127.0.0.1:{server.server_address[1]}/"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield
        index.may_answer.set()
        server.shutdown()


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    index = Index(tmp_path)
    make_wheel(index.wheel)
    with serving(index):
        yield index


@dataclass(frozen=True)
class Installer:
    """Starts the program in a folder of its own, with one package in its lock."""

    project: Path
    folder: Path
    index: Index

    @property
    def mark(self) -> Path:
        return self.folder / "env" / "installed"

    @property
    def module(self) -> Path | None:
        return next(self.folder.glob("env/lib/python*/site-packages/chatparcel.py"), None)

    def start(self, version: str = "1.0") -> "subprocess.Popen[str]":
        lock = f"chatparcel=={version} \\\n    --hash=sha256:{self.index.digest}\n"
        (self.folder / "lock").write_text(lock)
        return subprocess.Popen(
            [sys.executable, "-m", "simulator.install", "env", "lock", "env/installed"],
            cwd=self.folder,
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(self.project),
                "PIP_INDEX_URL": self.index.address,
                "PIP_CONFIG_FILE": os.devnull,
                "PIP_NO_CACHE_DIR": "1",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # whose group gets Ctrl-C, as at a terminal
        )


@pytest.fixture
def installer(project: Path, tmp_path: Path, index: Index) -> Installer:
    return Installer(project, tmp_path, index)


def test_what_ctrl_c_interrupts_is_quiet_and_is_mended_and_what_fails_counts_for_nothing(
    installer: Installer, index: Index
) -> None:
    interrupted = installer.start()
    assert index.asked.wait(100)
    os.killpg(interrupted.pid, signal.SIGINT)
    stdout, stderr = interrupted.communicate()
    assert (interrupted.returncode, stdout) == (130, "")
    assert stderr.splitlines() == [
        "env: makes the environment",
        "env: installs up to 1 packages",
        "env: interrupted; the next make begins it anew",
    ]
    assert not installer.mark.exists()

    index.may_answer.set()
    mended = installer.start()
    stdout, stderr = mended.communicate()
    assert (mended.returncode, stdout, installer.mark.exists()) == (0, "", True)
    assert stderr.startswith("env: makes the environment\n")
    assert re.search(r"^env: done after \d+ s$", stderr, re.MULTILINE)
    assert installer.module

    failed = installer.start(version="2.0")
    stdout, stderr = failed.communicate()
    assert (failed.returncode, stdout, installer.mark.exists()) == (1, "", False)
    assert "No matching distribution found for chatparcel==2.0" in stderr
    assert "Traceback" not in stderr


def test_what_pip_finds_and_what_the_environment_comes_to_hold_is_counted(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    lock.write_text(
        "one==1 \\\n    --hash=sha256:0\nother==2 ; sys_platform == 'plan9' \\\n    --hash=sha256:0\nthree==3\n"
    )
    site = tmp_path / "env" / "lib" / "python3.11" / "site-packages"
    for name in ("pip-1", "one-1", "three-3"):
        (site / f"{name}.dist-info").mkdir(parents=True)
    (site / "pip-1.dist-info" / "RECORD").touch()
    progress = Progress(tmp_path / "env", lock)
    said = [progress.sentence()]
    for line in (
        "Ignoring other: markers 'sys_platform == \"plan9\"' don't match your environment",
        f"Collecting one==1 (from -r {lock} (line 1))",
        f"Processing ./three-3-py3-none-any.whl (from -r {lock} (line 5))",
        "  what nobody has foreseen",
        "Installing collected packages: three, one",
    ):
        progress.hear(line + "\n")
        said.append(progress.sentence())
    (site / "one-1.dist-info" / "RECORD").touch()
    assert [*said, progress.sentence()] == [
        "",
        "",
        "1 of 2 fetched, one==1",
        "2 of 2 fetched, three==3",
        "2 of 2 fetched, three==3",
        "0 of 2 installed",
        "1 of 2 installed",
    ]
