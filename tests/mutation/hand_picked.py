"""Shows that the tests of guarantees test something: each rule (hand_picked.toml) is
taken out of a copy, and its test must then fail.

    python -m tests.mutation.hand_picked [part of a mutant's name]

Prints one line for each mutant; ends with status 1 when one of them survives.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from simulator.engine import PROJECT, embedded
from tests.conftest import choose_engine

CHAT = Path("layers/chat/python/chat")
GUARANTEES = Path("tests/guarantees")
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Mutant:
    """`old` in `module` becomes `new`; the test `proof` must fail, or those of
    its parameters that `word` selects (`-k`)."""

    name: str
    module: str
    old: str
    new: str
    proof: str
    word: str = ""


def mutants() -> list[Mutant]:
    table = tomllib.loads((HERE / "hand_picked.toml").read_text(encoding="utf-8"))
    return [Mutant(**entry) for entry in table["mutant"]]


def killed(mutant: Mutant, copy: Path, endpoint: str) -> bool:
    """Whether the proof, at length, fails on the mutant. Raises `ValueError` where
    the engine has no such line any more."""
    module = copy / CHAT / mutant.module
    source = module.read_text(encoding="utf-8")
    module.write_text(mutated(mutant, source), encoding="utf-8")
    try:
        return not _pass([mutant], copy, endpoint, at_length=True)
    finally:
        module.write_text(source, encoding="utf-8")


def mutated(mutant: Mutant, source: str) -> str:
    """The module's source with the rule taken out. Raises `ValueError` where it is not there exactly once."""
    if source.count(mutant.old) != 1:
        raise ValueError(f"{mutant.name}: {mutant.module} has {source.count(mutant.old)} × {mutant.old!r}")
    return source.replace(mutant.old, mutant.new)


def _pass(chosen: Sequence[Mutant], copy: Path, endpoint: str, *, at_length: bool = False) -> bool:
    """Whether the proofs of these mutants pass on `copy` as it is. `at_length`: as `make prove` runs them, which
    ends with the first failure."""
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "PYTHONPATH": f".{os.pathsep}layers/chat/python",
        "PYTHONDONTWRITEBYTECODE": "1",  # a change within a second and of the same length would not be seen
        "UNSHRUNK": "1",
        **({"PROVE": "1"} if at_length else {}),
    }
    options = ["-x", "-q", "-p", "no:cacheprovider", f"--endpoint={endpoint}"]
    keyword = ["-k", chosen[0].word] if len(chosen) == 1 and chosen[0].word else []
    proofs = sorted({f"{GUARANTEES}/{mutant.proof}" for mutant in chosen})
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *keyword, *proofs],
        cwd=copy,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in (0, 1):  # neither passed nor failed: the proofs did not run
        raise ValueError(f"pytest ended with {done.returncode}\n{(done.stdout + done.stderr)[-2_000:]}")
    return done.returncode == 0


def main(part: str) -> int:
    chosen = [mutant for mutant in mutants() if part in mutant.name]
    survivors = 0
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        kind, _ = choose_engine("auto")
        endpoint = stack.enter_context(embedded(kind, home / "engine", in_memory=True))
        copy = home / "copy"
        for folder in (
            "events",
            "layers",
            "migration",
            "privacy",
            "reference",
            "resolvers",
            "schema",
            "services",
            "simulator",
            "stream",
            "tests",
        ):
            shutil.copytree(PROJECT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(PROJECT / "pyproject.toml", copy)
        if not _pass(chosen, copy, endpoint):
            print("The proofs do not pass on the engine as it is, so nothing can be said of its mutants.")
            return 1
        print(f"{'mutant':42} {'proof':76} killed")
        for mutant in chosen:
            started = time.monotonic()
            is_killed = killed(mutant, copy, endpoint)
            survivors += not is_killed
            proof = mutant.proof.rpartition("::test_")[2].replace("_", " ")
            verdict = "yes" if is_killed else "NO"
            print(f"{mutant.name:42} {proof:76} {verdict} ({time.monotonic() - started:.1f} s)", flush=True)
    print(f"{len(chosen) - survivors} of {len(chosen)} mutants killed on {kind}")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else ""))
