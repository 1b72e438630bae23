"""The saved queries of Logs Insights find what functions and the gateway write, by the fields that these write."""

import json
import logging
import re
from pathlib import Path
from typing import Any

import pytest

from gateway.logs import JsonLines
from tests.resolvers.harness import Harness
from tests.resolvers.logs_insights import Query

TRACE = "0af7651916cd43dd8448eb211c80319c"
CORRELATION = "Root=1-66b0c1d2-1f2e3d4c5b6a798081726354"
EVENT = "Mutation.sendMessage"


@pytest.fixture
def queries(project: Path) -> dict[str, str]:
    """As `terraform/traces.tf` has them, with the objective of 200 ms."""
    text = (project / "terraform" / "traces.tf").read_text(encoding="utf-8")
    found = re.findall(r"^    (\w+) += <<-E\n(.*?)^    E$", text, re.MULTILINE | re.DOTALL)
    return {
        name: re.sub(r"^ +", "", query.replace("${var.objectives.p95_ms}", "200"), flags=re.MULTILINE)
        for name, query in found
    }


@pytest.fixture
def lines(harness: Harness, caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """Of a send that is stored and of one that fails, in one trace; and of the gateway that asked for them."""
    event = harness.prepared(EVENT)
    event["request"]["headers"] |= {
        "traceparent": f"00-{TRACE}-b7ad6b7169203331-01",
        "x-amzn-trace-id": CORRELATION,
    }
    caplog.set_level(logging.INFO)
    assert harness.invoke(event)["seq"] == 1
    harness.member(event["arguments"]["roomId"], "alice", lastSentSeq="not a number", tat="not a number")
    event["arguments"] |= {"clientMessageId": "event-2"}
    assert harness.invoke(event).error_type == "InternalError"
    known = JsonLines.STANDARD
    written: list[dict[str, Any]] = [
        {"message": record.getMessage()} | {name: value for name, value in vars(record).items() if name not in known}
        for record in caplog.records
    ]  # fmt: skip
    asked = logging.makeLogRecord(
        {"msg": "asked", "field": "sendMessage", "trace_id": TRACE, "outcome": "ok"}
    )
    return [*written, json.loads(JsonLines().format(asked))]


def test_every_field_that_a_query_names_is_one_that_is_written(
    queries: dict[str, str], lines: list[dict[str, Any]]
) -> None:
    assert queries.keys() == {"trace", "report", "slow", "failed"}
    written = {name for line in lines for name in line}
    unknown = {name: Query.parse(text).names - written for name, text in queries.items()}
    assert {name: names for name, names in unknown.items() if names} == {}


def test_each_query_finds_what_it_is_for(queries: dict[str, str], lines: list[dict[str, Any]]) -> None:
    def found(name: str, **pasted: str) -> list[tuple[str, str]]:
        text = re.sub(r"PASTE[^\"]*", pasted["id"], queries[name]) if pasted else queries[name]
        return [(line["message"], line.get("outcome", "")) for line in Query.parse(text).found(lines)]

    both = [("Answered", "ok"), ("Unexpected failure", ""), ("Answered", "InternalError")]
    assert found("trace", id=TRACE) == [*both, ("asked", "ok")]
    assert found("report", id=CORRELATION.partition("-")[2]) == both
    assert found("failed") == [("Answered", "InternalError")]
    for milliseconds, expected in ((200.0, []), (201.0, [("Answered", "ok"), ("Answered", "InternalError")])):
        for answered in (line for line in lines if line["message"] == "Answered"):
            answered["DurationMs"] = milliseconds
        assert found("slow") == expected


def test_another_form_is_refused() -> None:
    for text in (
        "fields a\n| filter a = 1",
        "fields a\n| filter a\n| sort a asc",
        "fields a\n| filter a = 1\n| sort b",
    ):
        with pytest.raises(ValueError, match=r"."):
            Query.parse(text)
