"""`python -m privacy` as an operator starts it."""

import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from chat.operations.run_jobs import run_jobs
from chat.rules.audit import pseudonym
from chat.rules.tally import Tally
from chat.steps.data_requests import Asking, list_erasures, make_request
from chat.storage import keys
from privacy.verify import WHOLE, main
from simulator.settings import REGION
from tests.guarantees.privacy.exporting import Person
from tests.guarantees.support.fixtures import Clock, new_room, partition, process

pytestmark = [
    pytest.mark.real_engine("a program of its own meets no engine in this process"),
    pytest.mark.usefixtures("few_items"),
]

AUDIT_KEY = b"a key for tests, 32 bytes long.."


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


def test_a_scan_says_what_is_left_and_is_noted_in_the_receipt(
    client: Any, program: Program, tmp_path: Path
) -> None:
    user, text = f"u-{uuid4()}", f"a glacier {uuid4()}"
    room, key, newer = new_room(client, user), tmp_path / "audit-key", tmp_path / "newer"
    key.write_text(base64.urlsafe_b64encode(AUDIT_KEY).decode())
    (tmp_path / "texts").write_text(f"{text}\n{json.dumps(text)}\n\n")
    (tmp_path / "log").write_text(f"by {pseudonym(user, AUDIT_KEY)}\n")
    asked = ["scan", user, f"--text-file={tmp_path / 'texts'}", f"--log-file={tmp_path / 'log'}"]
    status, lines, said = program.run(*asked)
    assert (status, said) == (1, f"{lines[-1]['found']} found\n")
    assert any(room in line.get("key", "") for line in lines)
    ours = process(client, Clock(), pseudonym=lambda each: pseudonym(each, AUDIT_KEY))
    request = make_request(ours, user, "ERASURE", Asking("OPERATOR", None), 0, Tally())
    newer.write_text(base64.urlsafe_b64encode(b"a key that has come after it.....").decode())
    by_keys = [f"--audit-key=file:{newer}", f"--audit-key=file:{key}"]  # AUDIT_KEY was rotated since
    asked += [*by_keys, f"--receipt={request.request_id}"]
    status, lines, said = program.run(*asked)
    assert (status, "code=InvalidInput argument=id" in said) == (1, True), "it is not done yet"
    assert run_jobs(ours, 1_000.0, Tally()).failures == []
    (before,) = list_erasures(ours, user)
    assert before.counted()["scan"] is None
    status, [began, *_, last], said = program.run(*asked)
    assert (status, said, last["found"], last["kept"]) == (0, "", 0, 4), (
        "tombstone, log, and the receipt by its key and in it"
    )
    assert last["notLooked"] == ["buckets", "gateway"]
    (noted,) = list_erasures(ours, user)
    assert noted.counted()["scan"] == {**began, **last}
    assert {**noted.counted(), "scan": None} == before.counted()
    assert [each["id"] for each in program.run("erasures", user, *by_keys)[1]] == [request.request_id]
    assert program.run("erasures", user, by_keys[0])[:2] == (0, [])
    assert program.run("erasures", user)[0] == program.run("erasures", by_keys[0])[0] == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--receipt=x"], "--receipt needs --audit-key"),
        (["--segments=0"], "segments"),
        (["--audit-key=secret"], "audit-key"),
    ],
)
def test_bad_options_of_a_scan_are_named(program: Program, options: list[str], said: str) -> None:
    status, _, error = program.run("scan", "alice", *options)
    assert status == 2
    assert said in error


@pytest.mark.parametrize("texts", ['"no end', "[1]\n" * 1_001])
def test_texts_that_cannot_be_read_are_refused(program: Program, tmp_path: Path, texts: str) -> None:
    (tmp_path / "texts").write_text(texts)
    status, lines, error = program.run("scan", "alice", f"--text-file={tmp_path / 'texts'}")
    assert (status, lines) == (1, [])
    assert "texts is not a text a line" in error
    assert "no end" not in error
