"""`make schema`: the schema alone on stdout, notes and refusals on stderr."""

import subprocess
import sys
from pathlib import Path

import pytest

import schema
from schema.needs import NEEDS, notes
from schema.request import Request
from schema.source import ours
from simulator.engine import PROJECT

THREE = ["Query.messages", "Mutation.sendMessage", "Subscription.onMessage"]
GOLDEN = Path(__file__).with_name("three_fields.graphql")
"""What `make schema FIELDS=… PREFIX=Chat MODES=cognito,iam` prints for the three: read it when it changes."""


def program(*options: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "schema", *options],
        cwd=PROJECT,
        env={"PYTHONPATH": ".:layers/chat/python", "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=False,
        timeout=60,
    )


def test_three_fields_are_printed_as_they_were() -> None:
    done = program(f"--fields={','.join(THREE)}", "--prefix=Chat", "--modes=cognito,iam")
    assert done.returncode == 0
    assert done.stdout == GOLDEN.read_bytes()
    assert done.stderr.decode().splitlines() == [f"note: {note}" for note in notes(Request.of(fields=THREE))]


def test_without_options_it_is_all_of_it_and_nothing_is_to_note() -> None:
    done = program("--fields=", "--prefix=", "--modes=", "--default=", "--into=")
    assert (done.returncode, done.stdout.decode(), done.stderr) == (0, schema.generate(), b"")


def test_a_file_comes_out_as_it_was_with_lines_between(tmp_path: Path) -> None:
    file = tmp_path / "theirs.graphql"
    file.write_bytes("\ufeff# «ours»\r\ntype Query {\r\n  me: ID\r\n}\r\n".encode())
    done = program("--fields=Query.presence", f"--into={file}")
    assert done.returncode == 0
    assert done.stdout.startswith('\ufeff# «ours»\r\ntype Query {\r\n  me: ID\r\n  """\r\n'.encode())
    assert done.stdout.count(b"\n") == done.stdout.count(b"\r\n")
    again = program("--fields=Query.presence", f"--into={file}", "--prefix=Chat")
    assert again.returncode == 0


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--fields=Query.mesages"], "FIELDS: there is no Query.mesages; is it Query.messages"),
        (["--into=nowhere.graphql"], "INTO: nowhere.graphql: No such file or directory"),
        (["--into=docs"], "INTO: docs: Is a directory"),
        (["--into=resolvers/schema.graphql"], "Choose a PREFIX, as in PREFIX=Chat."),
        (
            ["--into=tests/schema/three_fields.graphql", "--prefix=Chat"],
            "as it was before ours was put into it.",
        ),
    ],
)
def test_a_refusal_is_a_sentence_and_nothing_else(options: list[str], sentence: str) -> None:
    done = program(*options)
    assert (done.returncode, done.stdout) == (2, b"")
    assert sentence in done.stderr.decode()
    assert len(done.stderr.decode().splitlines()) == 1


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.graphql").write_bytes(b"type Query { a: ID } # \xff")
    assert program(f"--into={tmp_path / 'a.graphql'}").stderr.decode().endswith("is not UTF-8\n")


def test_make_hands_over_what_is_on_its_command_line_and_nothing_else() -> None:
    """A PREFIX of the environment is another program's."""
    done = subprocess.run(
        ["make", "-n", "schema", "FIELDS=Query.room,Query.members", "MODES=iam"],
        cwd=PROJECT, env={"PATH": "/usr/bin:/bin", "PREFIX": "/usr"}, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    (line,) = [line for line in done.stdout.replace("\\\n", " ").splitlines() if "-m schema" in line]
    assert line.split()[-2:] == ['--fields="$FIELDS"', '--modes="$MODES"']


def test_what_fields_need_is_there() -> None:
    known = ours().fields.keys()
    assert NEEDS.keys() <= known
    assert {name for needs in NEEDS.values() for names, _ in needs for name in names} <= known


def test_all_fields_lack_nothing() -> None:
    assert list(notes(Request.of())) == []


@pytest.mark.parametrize("name", NEEDS)
def test_a_field_without_what_it_needs_has_a_note(name: str) -> None:
    alone = [name, *(f"Mutation.{each}" for each in ours().links.get(name, ())[:1])]
    told = [note for note in notes(Request.of(fields=alone)) if note.startswith(f"{name} needs ")]
    assert [
        sum(each in note for each in names) for note, (names, _) in zip(told, NEEDS[name], strict=True)
    ] == [len(names) for names, _ in NEEDS[name]]


def test_the_three_fields_lack_rooms_and_what_others_publish() -> None:
    heard, rooms = notes(Request.of(fields=THREE))
    assert heard.startswith("Subscription.onMessage does not hear of editMessage, removeMessage, ")
    assert rooms.startswith("None of the fields makes rooms")
