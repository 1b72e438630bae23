"""`python -m privacy` as an operator starts it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from chat.storage import keys
from privacy.verify import WHOLE, main
from simulator.settings import REGION
from tests.guarantees.privacy.exporting import Person
from tests.guarantees.support.fixtures import Clock, new_room, partition

pytestmark = pytest.mark.real_engine("a program of its own meets no engine in this process")


class Program:
    def __init__(self, project: Path, endpoint: str) -> None:
        self._project = project
        self._command = [sys.executable, "-m", "privacy", f"--endpoint={endpoint}", f"--region={REGION}"]

    def run(self, *arguments: str) -> tuple[int, list[dict[str, Any]], str]:
        """Its status, the lines that it prints, and what it says besides."""
        done = subprocess.run(
            [*self._command, *arguments],
            cwd=self._project,
            env={
                "PYTHONPATH": ".:layers/chat/python",
                "AWS_ACCESS_KEY_ID": "local",
                "AWS_SECRET_ACCESS_KEY": "local",
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


@pytest.fixture
def program(project: Path, endpoint: str) -> Program:
    return Program(project, endpoint)


def test_requests_are_made_listed_shown_and_withdrawn(client: Any, program: Program) -> None:
    user = f"u-{uuid4()}"
    new_room(client, user)
    status, (export,), _ = program.run("export", user)
    assert (status, export["state"], export["requestedBy"]) == (0, "WAITING", "OPERATOR")
    _, (erasure,), _ = program.run("erase", user, "--now")
    assert erasure["dueAt"] == erasure["requestedAt"]
    due = {item["subject"]["S"] for item in partition(client, "gg_core", "DUE")}
    assert {keys.person_request(user, each["id"]) for each in (export, erasure)} <= due
    assert program.run("show", user, export["id"])[1] == [export]
    assert program.run("list", user)[1] == [erasure, export]
    assert program.run("withdraw", user, erasure["id"])[1][0]["state"] == "WITHDRAWN"
    assert program.run("withdraw", user, export["id"])[1][0]["state"] == "WITHDRAWN"


def test_what_cannot_be_done_is_refused_by_name(program: Program) -> None:
    status, lines, said = program.run("erase", "nobody-at-all")
    assert (status, lines) == (1, [])
    assert "code=NotAllowed reason=nobody" in said
    status, lines, said = program.run("show", "alice", "no-such-request")
    assert (status, lines) == (1, [])
    assert "code=InvalidInput argument=id" in said
    for wrong in (["erase", "alice", "--now", "--wait-hours=3"], ["erase", "a\nb"], ["burn", "alice"]):
        assert program.run(*wrong)[0] == 2


def test_the_report_of_what_is_kept_needs_no_tables(program: Program) -> None:
    status, lines, said = program.run("retention")
    assert (status, said) == (0, "")
    assert {"part": "tables", "kind": "Change", "kept": "30 days"}.items() <= {
        (name, value) for line in lines if line["kind"] == "Change" for name, value in line.items()
    }
    status, lines, said = program.run("retention", "--deployment=absent.json")
    assert (status, lines) == (1, [])
    assert "absent.json" in said


def test_an_export_is_fetched_once_it_is_done(
    client: Any, objects: Any, objects_address: str, program: Program, tmp_path: Path
) -> None:
    person = Person(client, objects, Clock())
    person.live()
    begun = person.ask()
    where = (person.user, begun.request_id, "--to", str(tmp_path), "--s3-endpoint", objects_address)
    status, _, said = program.run("fetch", *where)
    assert (status, "reason=notDone" in said) == (1, True)
    archive = begun.finish()
    status, (fetched,), _ = program.run("fetch", *where)
    assert (status, fetched["state"]) == (0, "DONE")
    assert Path(fetched["file"]).read_bytes() == archive
    assert main([fetched["file"]]) == WHOLE
    assert program.run("fetch", *where)[0] == 1, "what is there is not overwritten"
