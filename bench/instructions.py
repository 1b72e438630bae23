"""Cold starts in instructions, which no other load on the machine changes: what two states differ by is exact.

They are those of the process alone, without the kernel's, and an instruction is no time: the ratios lie within a
few hundredths of those in CPU time.
"""

import re
import shutil
import subprocess
from pathlib import Path

from bench.cold import BARE, Case, cases
from bench.setting import INTERPRETER, Setting

REFERENCES = re.compile(r"I\s+refs:\s+([\d,]+)")


def missing() -> bool:
    return shutil.which("valgrind") is None


def measure(setting: Setting, earlier: Path | None) -> dict[str, float]:
    """Instructions over those of `BARE`, by name; of functions of an `earlier` package, too."""
    bare = millions((BARE, setting.of_peer()))
    return {name: millions(case) / bare for name, case in cases(setting, earlier).items()}


def millions(case: Case) -> float:
    """Instructions of one process in millions; always the same hashes, so that two runs are alike."""
    code, environment = case
    tool = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]
    done = subprocess.run(
        [*tool, *INTERPRETER, "-B", "-c", f"{code}\nimport os\nos._exit(0)"],
        env={**environment, "PYTHONHASHSEED": "0"},
        cwd="/",
        capture_output=True,
        text=True,
        check=True,
    )
    found = REFERENCES.search(done.stderr)
    if found is None:
        raise RuntimeError(done.stderr[-2_000:])
    return int(found[1].replace(",", "")) / 1e6
