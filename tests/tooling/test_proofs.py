"""What has a greater length for proofs is run at it by a target."""

import re
import subprocess
from pathlib import Path

READS = re.compile(r"""environ(?:\.get\(|\[)\s*["']PROVE["']""")
TARGETS = ("prove", "prove-events")


def reading(project: Path) -> set[str]:
    """The files of tests that read PROVE, or have a part that they import read it."""
    texts = {
        path.relative_to(project).as_posix(): path.read_text(encoding="utf-8")
        for path in (project / "tests").rglob("*.py")
        if "node_modules" not in path.parts
    }
    found = {name for name, text in texts.items() if READS.search(text)}
    parts = [name for name in found if not Path(name).name.startswith("test_")]
    imported = "|".join(re.escape(name.removesuffix(".py").replace("/", ".")) for name in parts)
    importing = {name for name, text in texts.items() if imported and re.search(rf"\b(?:{imported})\b", text)}
    return (found | importing) - set(parts)


def run_at_length(project: Path) -> set[str]:
    """The files that the targets' recipes give to pytest with PROVE=1."""
    done = subprocess.run(
        ["make", "-n", *TARGETS],
        cwd=project,
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line for line in done.stdout.splitlines() if line.lstrip().startswith("PROVE=1 ")]
    return {word for line in lines for word in line.split() if word.endswith(".py")}


def test_no_test_that_reads_prove_is_in_no_target(project: Path) -> None:
    files = reading(project)
    assert {"tests/guarantees/exactly_once/test_any_history.py", "tests/restore/test_interrupted.py"} <= files
    assert files - run_at_length(project) == set()


def test_what_targets_name_is_there(project: Path) -> None:
    assert [name for name in sorted(run_at_length(project)) if not (project / name).is_file()] == []
