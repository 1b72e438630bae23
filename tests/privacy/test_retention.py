"""The report of what is kept for how long says what the code, the tables' page and Terraform say."""

import json
import re
from dataclasses import fields
from pathlib import Path

import pytest

from privacy.configuration import BadDeployment, Configured, configured, defaults
from privacy.retention import DAY_S, HOUR_S, UNTIL, Kept, amount, in_words, report
from privacy.settings import read
from tests.contract.tables_page import rows

WORDS = {"an": 1, "two": 2, "three": 3}
UNITS = {"hour": HOUR_S, "day": DAY_S, "week": 7 * DAY_S, "year": 365 * DAY_S}
OWN = defaults()
TABLES = {each.kind: each for each in report(OWN) if each.part == "tables"}


def seconds_in(cell: str) -> int | None:
    """The first time that a cell of the page names, in seconds."""
    found = re.search(r"\b(\d+|an|two|three) (hour|day|week|year)s?\b", cell)
    return None if found is None else (WORDS.get(found[1]) or int(found[1])) * UNITS[found[2]]


@pytest.mark.parametrize("kind", rows())
def test_every_kind_of_item_is_in_the_report_as_the_page_has_it(kind: str) -> None:
    cell, kept = rows()[kind].expires, TABLES[kind]
    if cell == "the room's retention":
        assert kept.seconds == OWN.retention_days * DAY_S
    elif kind in ("Mention", "Reacted", "Reaction", "ReactionCount", "ReactionKinds"):
        assert cell.endswith(("its message's", "with its message"))
        assert kept.since == "its message is gone"
    else:
        assert seconds_in(cell) == kept.seconds, cell


def test_the_report_has_no_kind_that_there_is_not() -> None:
    assert TABLES.keys() == rows().keys()
    assert len(TABLES) == len([each for each in report(OWN) if each.part == "tables"])
    assert {kind for kinds in UNTIL for kind in kinds} == {
        each.kind for each in TABLES.values() if each.seconds is None
    }


def test_everything_else_that_is_kept_is_in_it(project: Path) -> None:
    told = {(each.part, each.kind): each.seconds for each in report(OWN)}
    uploads, reader = (
        (project / "terraform" / f"{name}.tf").read_text(encoding="utf-8") for name in ("uploads", "reader")
    )
    assert told["bucket", "pending/"] == DAY_S
    assert '"pending/" = 1, "exports/" = local.exports_days }' in uploads
    exports = re.search(r"exports_days = (\d+)", uploads)
    assert exports is not None
    assert told["bucket", "exports/"] == int(exports[1]) * DAY_S
    assert told["bucket", "attachments"] == told["tables", "Message"], "unless FILE_DAYS says less"
    assert told["bucket", "kept/365/"] == 366 * DAY_S
    assert '"kept/${days}/" => days + 1' in uploads
    queues = {int(each) for each in re.findall(r"message_retention_seconds += (\d+)", reader)}
    assert queues == {told["queues", "events"], told["queues", "dead letters"]}
    assert told["logs", "logs"] == OWN.log_retention_days * DAY_S
    assert told["logs", "audit"] == OWN.audit_retention_days * DAY_S
    assert told["backups", "taken-back/"] == told["backups", "backups"] + DAY_S  # type: ignore[operator]
    assert "log_kept_days   = var.recovery_period_in_days + 1" in (
        project / "terraform" / "taken_back.tf"
    ).read_text(encoding="utf-8")


def test_the_defaults_are_those_of_the_code_and_of_the_module(project: Path) -> None:
    page = (project / "docs" / "terraform.md").read_text(encoding="utf-8")
    for name in ("log_retention_days", "audit_retention_days", "recovery_period_in_days"):
        assert f"**`{name}`**, `number`, default `{getattr(OWN, name)}`" in page


def test_a_deployments_own_numbers_win(tmp_path: Path) -> None:
    file = tmp_path / "retention.json"
    file.write_text(
        json.dumps(
            {
                "retention_days": 90,
                "log_retention_days": 7,
                "erasure_wait_days": None,
                "file_days": 31,
                "draft_days": 14,
                "presence_days": 2,
            }
        )
    )
    own = configured(file)
    assert (own.retention_days, own.log_retention_days) == (90, 7)
    assert own.erasure_wait_days == OWN.erasure_wait_days
    told = {(each.part, each.kind): each.seconds for each in report(own)}
    assert told["tables", "Message"] == 90 * DAY_S
    assert (told["tables", "Draft"], told["tables", "Presence"]) == (14 * DAY_S, 2 * DAY_S)
    assert told["bucket", "attachments"] == 31 * DAY_S
    assert told["bucket", "kept/90/"] == 91 * DAY_S
    assert told["logs", "logs"] == 7 * DAY_S


@pytest.mark.parametrize(
    "text", ["", "[]", '{"other": 1}', '{"retention_days": "90"}', '{"retention_days": -1}']
)
def test_a_file_that_says_something_else_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "retention.json"
    file.write_text(text)
    with pytest.raises(BadDeployment):
        configured(file)


def test_the_modules_output_has_every_number(project: Path) -> None:
    outputs = (project / "terraform" / "outputs.tf").read_text(encoding="utf-8")
    (block,) = re.findall(r'^output "retention" \{\n(.*?)^\}$', outputs, re.MULTILINE | re.DOTALL)
    assert set(re.findall(r"^    (\w+) += ", block, re.MULTILINE)) == {
        each.name for each in fields(Configured)
    }


def test_it_is_said_in_words() -> None:
    assert [in_words(each) for each in (DAY_S, 365 * DAY_S, 23 * HOUR_S, HOUR_S, 0)] == [
        "1 day",
        "365 days",
        "23 hours",
        "1 hour",
        "0 hours",
    ]
    assert amount(24 * HOUR_S) == (1, "day")
    assert Kept("logs", "logs", DAY_S, "it was written", "x").to_json() == {
        "part": "logs",
        "kind": "logs",
        "kept": "1 day",
        "since": "it was written",
        "by": "x",
    }
    assert read(["retention"]).command == "retention"
