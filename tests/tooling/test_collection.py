"""Workers of pytest-xdist each collect for themselves, and a run aborts
where they do not come to the same tests."""

import os
import subprocess
import sys
import time
from itertools import zip_longest
from pathlib import Path

# Plain assertions: nothing runs, and rewriting them takes longer than all the rest.
COLLECT = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-n", "0", "--assert=plain"]


def collected(project: Path, folder: Path, *, hash_seed: int) -> list[str]:
    """The ids of the whole suite, in order, as another process finds them. It
    runs no test, so not this one either."""
    folder.mkdir()
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    process = subprocess.run(
        [*COLLECT, "--engine=ministack", "-p", "no:cacheprovider"],
        cwd=project,
        env=inherited | {"PYTHONHASHSEED": str(hash_seed), "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stdout
    return [line for line in process.stdout.splitlines() if "::" in line]


def test_every_process_collects_the_same_tests_in_the_same_order(project: Path, tmp_path: Path) -> None:
    """
    Whatever the clock, the order of sets, the temporary folder and the process may be. One after the other,
    so that they read each file seconds apart.
    """
    started = time.monotonic()
    first = collected(project, tmp_path / "first", hash_seed=1)
    assert time.monotonic() - started > 1, "they may have collected in the same second"
    second = collected(project, tmp_path / "second", hash_seed=2)
    assert [pair for pair in zip_longest(first, second) if pair[0] != pair[1]] == []
    assert any(
        test_every_process_collects_the_same_tests_in_the_same_order.__name__ in each for each in first
    )
