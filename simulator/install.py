"""Makes one of the environments that the Makefile needs, and says how far it is.

    python3 -m simulator.install <environment> <lock> <mark>

Installs what is in the lock, by its hashes, unless the mark (a file `installed…` in the environment) is
newer. Everything goes to stderr, because the stdout of `make token` and `make invoke` is their answer. Of two
that come at once, one installs and the other waits. What was interrupted, however it ended, is made anew by
the next: nothing of it counts as installed.

Only the standard library is imported: this comes before everything else.
"""

import fcntl
import re
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO

PERIOD = 1.0
"""Seconds between two lines about one installation."""
TAIL = 20
"""How many of the last lines of a program are shown when it fails."""


class Failed(Exception):
    """A program failed; the text is the end of what it printed."""


def main(environment: Path, lock: Path, mark: Path) -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        install(environment, lock, mark)
    except KeyboardInterrupt:
        say(environment, "interrupted; the next make begins it anew")
        return 128 + signal.SIGINT
    except Failed as failure:
        say(environment, f"{lock} could not be installed:\n{failure}")
        return 1
    return 0


def install(environment: Path, lock: Path, mark: Path) -> None:
    """Raises `Failed`."""
    locks = Path(".cache")
    locks.mkdir(exist_ok=True)
    with (locks / f"{environment.name}.lock").open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(environment, "another make installs it; this one waits")
            fcntl.flock(held, fcntl.LOCK_EX)
        if mark.exists() and mark.stat().st_mtime > lock.stat().st_mtime:
            return
        incomplete = environment / "incomplete"
        if incomplete.exists() or not has_pip(environment):
            say(environment, "makes the environment")
            run([sys.executable, "-m", "venv", "--clear", str(environment)], held)
        incomplete.touch()
        for other in environment.glob(
            "installed*"
        ):  # of another lock: what it says ends with what is changed here
            other.unlink()
        with Progress(environment, lock) as progress:
            run([*pip(environment), "install", *OPTIONS, "-r", str(lock)], held, progress.hear)
        mark.touch()
        incomplete.unlink()


OPTIONS = (
    "--disable-pip-version-check",
    "--no-input",
    "--no-color",
    "--progress-bar=off",
    "--require-hashes",
)


def pip(environment: Path) -> list[str]:
    return [str(environment / "bin" / "python"), "-u", "-m", "pip"]


def has_pip(environment: Path) -> bool:
    """Whether this is an environment that something can be installed into."""
    try:
        done = subprocess.run([*pip(environment), "--version"], capture_output=True, check=False)
    except OSError:
        return False
    return done.returncode == 0


def run(command: Sequence[str], held: IO[str], hear: Callable[[str], object] = str) -> None:
    """Runs a program, which does not outlive this one and holds the lock `held` as long as it lives. Gives
    each line that it prints to `hear`. Raises `Failed`.
    """
    lines: deque[str] = deque(maxlen=TAIL)
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        pass_fds=(held.fileno(),),
    ) as process:
        try:
            for line in process.stdout or ():
                lines.append(line)
                hear(line)
        except BaseException:  # Ctrl-C among them
            process.terminate()
            raise
    if process.returncode:
        raise Failed("".join(lines).rstrip())


class Progress:
    """Says how far pip is, a line a second at the most.

    Of what pip prints this reads the lock's lines that it names and how many packages it begins to install;
    how many of these are there, the environment shows. Where pip prints something else, less is said.
    """

    def __init__(self, environment: Path, lock: Path) -> None:
        self._environment = environment
        self._lines = lock.read_text(encoding="utf-8").splitlines()
        self._total = sum("==" in line for line in self._lines)
        self._found: dict[int, str] = {}
        self._installing = 0
        self._before = self._installed()
        self._said = ""
        self._started = time.monotonic()
        self._over = threading.Event()
        self._ticking = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> "Progress":
        say(self._environment, f"installs up to {self._total} packages")
        self._ticking.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: "BaseException | TracebackType | None") -> None:
        self._over.set()
        self._ticking.join()
        if kind is None:
            say(self._environment, f"done after {time.monotonic() - self._started:.0f} s")

    def hear(self, line: str) -> None:
        """Takes a line of pip's."""
        if named := re.search(r"\(from -r .* \(line (\d+)\)\)", line):
            number = int(named[1])
            self._found[number] = self._lines[number - 1].split(" ")[0]
        elif line.startswith("Ignoring "):  # for another system or Python
            self._total -= 1
        elif line.startswith("Installing collected packages: "):
            self._installing = line.count(",") + 1

    def _installed(self) -> int:
        return len(list(self._environment.glob("lib/python*/site-packages/*.dist-info/RECORD")))

    def sentence(self) -> str:
        """How far it is; empty where that cannot be said yet."""
        if self._installing:
            return f"{self._installed() - self._before} of {self._installing} installed"
        if self._found:
            return f"{len(self._found)} of {self._total} fetched, {list(self._found.values())[-1]}"
        return ""

    def _tick(self) -> None:
        while not self._over.wait(PERIOD):
            if (sentence := self.sentence()) != self._said:
                say(self._environment, sentence)
                self._said = sentence


def say(environment: Path, text: str) -> None:
    print(f"{environment}: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:4])))
