"""What is said where an argument is missing or is none."""

import subprocess
from pathlib import Path

import pytest

from releases.settings import read

FROM = "Which deployment? Say FROM=dev"
ENV = "Which deployment? Say ENV=dev"
TO = "To which deployment? Say TO=staging"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["back", ""], ENV),
        (["go", "Prod"], ENV),
        (["go", "../prod"], ENV),
        (["fetch", "", "--to", "staging"], FROM),
        (["fetch", "dev", "--to", ""], TO),
        (["fetch", "dev", "--to", "dev"], "dev cannot be promoted to itself."),
        (["record", "prod", "--came-from", "prod"], "prod cannot be promoted to itself."),
        (["go", "dev", "--canary", "soon"], "canary: "),
        (["go", "dev", "--canary", "-1"], "canary: "),
        (["record", "dev", "--commit", "main"], "commit: "),
    ],
)
def test_one_sentence_says_what_is_wrong(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        read(arguments)
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(sentence)


@pytest.mark.parametrize(
    ("goals", "sentence"),
    [
        (["rollback"], ENV),
        (["releases"], ENV),
        (["release-go", "CANARY=30"], ENV),
        (["promote"], FROM),
        (["promote", "TO=staging"], FROM),
        (["promote", "FROM=dev"], TO),
        (["promote", "FROM=dev", "ENV=staging"], TO),
        (["promote", "FROM=dev", "TO=dev"], "dev cannot be promoted to itself."),
        (["plan", "FROM=dev"], TO),
    ],
)
def test_make_says_which_variable_is_missing(project: Path, goals: list[str], sentence: str) -> None:
    """Before anything is read or fetched. With make's own `--dry-run` of what installs and removes."""
    wanted = ["make", "-s", "-n", *goals]
    recipe = subprocess.run(wanted, cwd=project, capture_output=True, text=True, check=True).stdout
    (line,) = [line for line in recipe.splitlines() if "-m releases" in line][:1]
    command = line[line.index(".venv/bin/python -m releases") :]
    done = subprocess.run(
        ["sh", "-c", command], cwd=project, capture_output=True, text=True, check=False,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": ".:layers/chat/python"},
    )  # fmt: skip
    assert (done.returncode, done.stderr.startswith(sentence)) == (2, True), done.stderr
