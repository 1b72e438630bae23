"""Fields that an operator has switched off: refused by name, nothing stored, and back again when the switch is thrown back."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from chat.rules.flags import FIELDS, KEPT
from chat_lambda.flags import of_this_process
from tests.conftest import Eventually
from tests.resolvers.harness import Harness, Refusal
from tests.resolvers.publishing_ways import deployed

FLAG_OF = {field: flag for flag, fields in FIELDS.items() for field in fields}


class File:
    """The document of flags, as a deployment on one machine has it."""

    def __init__(self, path: Path, document: dict[str, Any]) -> None:
        self.path, self._document = path, document

    def throw(self, *off: str) -> None:
        for name, value in self._document["values"].items():
            value["enabled"] = name not in off
        self.path.write_text(json.dumps(self._document))


@pytest.fixture
def flags(project: Path, tmp_path: Path) -> File:
    text = (project / "terraform" / "flags.json").read_text(encoding="utf-8")
    return File(tmp_path / "flags.json", json.loads(text))


@contextmanager
def reading(flags: File) -> Iterator[None]:
    with deployed(FLAGS=f"file:{flags.path}", FLAGS_SECONDS="1"):
        of_this_process.cache_clear()
        yield
    of_this_process.cache_clear()


@pytest.mark.parametrize("field", FLAG_OF)
def test_it_is_refused_by_name_and_nothing_is_stored(harness: Harness, flags: File, field: str) -> None:
    flags.throw(FLAG_OF[field])
    with reading(flags):
        error_type = "ServiceUnavailable" if field in KEPT else "NotAllowed"
        refusal = harness.refused(harness.event(field), error_type, reason="switchedOff")
    assert refusal.message.startswith("This is switched off for the moment; everything else works.")


def test_people_are_told_in_their_language(harness: Harness, flags: File) -> None:
    flags.throw("typing")
    with reading(flags):
        event = harness.event("Mutation.typing")
        event["identity"]["resolverContext"]["locale"] = "es"
        refusal = harness.refused(event, "NotAllowed", reason="switchedOff")
    assert refusal.message.startswith("Esto está desactivado por el momento")


def test_thrown_back_it_works_again_within_the_period(
    harness: Harness, flags: File, eventually: Eventually
) -> None:
    room = harness.room()
    event = harness.event("Mutation.typing", roomId=room)
    flags.throw("typing")
    with reading(flags):
        harness.refused(event, "NotAllowed", reason="switchedOff")
        flags.throw()
        eventually(lambda: not isinstance(harness.invoke(event), Refusal), seconds=10)


def test_with_everything_off_messages_are_sent_read_and_removed(harness: Harness, flags: File) -> None:
    room = harness.room()
    flags.throw(*FIELDS)
    with reading(flags):
        (sent,) = harness.send(room, "hello")
        page = harness.invoke(harness.event("Query.messages", roomId=room))
        removed = harness.invoke(harness.event("Mutation.removeMessage", "alice", roomId=room, id=sent["id"]))
        asked = harness.invoke(harness.event("Mutation.removeMember", "alice", roomId=room, userId="bob"))
    assert [message["text"] for message in page["items"]] == ["hello"]
    assert removed["removedAt"]
    assert asked["notice"]["kind"] == "MEMBER_REMOVED"


def test_it_counts_as_switched_off_and_is_neither_a_fault_nor_a_decision(
    harness: Harness,
    flags: File,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    flags.throw("receipts", "typing")
    with reading(flags):
        for field in ("Mutation.markRead", "Mutation.typing"):
            harness.invoke(harness.event(field))
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["SwitchedOff"] for line in lines] == [1, 1]
    assert not any({"ServiceUnavailable", "NotAllowed"} & line.keys() for line in lines)
    totals = [each["Metrics"] for line in lines for each in line["_aws"]["CloudWatchMetrics"]]
    assert all("SwitchedOff" in [metric["Name"] for metric in names] for names in totals)
    told = [(record.getMessage(), getattr(record, "outcome", None)) for record in caplog.records]
    assert told == [("Answered", "SwitchedOff")] * 2


def test_a_stranger_to_the_deployment_is_told_that_and_not_what_is_off(harness: Harness, flags: File) -> None:
    flags.throw("typing")
    with reading(flags):
        event = harness.event("Mutation.typing")
        event["identity"] = None
        assert isinstance(outcome := harness.invoke(event), Refusal)
    assert outcome.error_type == "IdentityRefused"


@pytest.mark.parametrize(
    "spoil", [Path.unlink, lambda path: path.write_text("{"), lambda path: path.write_text("[]")]
)
def test_a_document_that_cannot_be_read_switches_nothing_and_is_counted(
    harness: Harness, flags: File, capsys: pytest.CaptureFixture[str], spoil: Callable[[Path], object]
) -> None:
    flags.throw("typing")
    spoil(flags.path)
    with reading(flags):
        answer = harness.invoke(harness.event("Mutation.typing", roomId=harness.room()))
    assert answer["userId"] == "bob"
    (line,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert line["FlagsUnreadable"] == 1
