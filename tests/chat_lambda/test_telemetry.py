"""What a call counts, as CloudWatch reads it from a log line."""

import io
import json
import sys
from typing import Any

import pytest

from chat_lambda.telemetry import TOTALS, publish_metrics


@pytest.fixture
def published(functions_environ: None, capsys: pytest.CaptureFixture[str]) -> Any:
    def publish(**numbers: float) -> Any:
        publish_metrics("chat-prod-send-message", numbers)
        written = capsys.readouterr().out
        assert written.endswith("}\n")
        return json.loads(written)

    return publish


def metrics(line: Any, dimension: str) -> dict[str, str]:
    """Names and units of what is counted by this dimension alone."""
    found = [each for each in line["_aws"]["CloudWatchMetrics"] if each["Dimensions"] == [[dimension]]]
    assert len(found) <= 1
    return {metric["Name"]: metric["Unit"] for each in found for metric in each["Metrics"]}


def test_each_number_is_counted_by_function(published: Any) -> None:
    line = published(Attempts=2, StoreMs=4.811)
    assert metrics(line, "function") == {"Attempts": "Count", "StoreMs": "Milliseconds"}
    assert (line["function"], line["Attempts"], line["StoreMs"]) == ("chat-prod-send-message", 2, 4.811)
    assert len(line["_aws"]["CloudWatchMetrics"]) == 1


def test_what_alarms_ask_of_all_functions_is_counted_by_deployment_too(published: Any) -> None:
    line = published(InternalError=1, DurationMs=9.5, Attempts=1)
    assert metrics(line, "deployment") == {"DurationMs": "Milliseconds", "InternalError": "Count"}
    assert metrics(line, "function").keys() == {"InternalError", "DurationMs", "Attempts"}
    assert line["deployment"] == "local"


class Written(io.StringIO):
    """Remembers each write by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[str] = []

    def write(self, text: str) -> int:
        self.writes.append(text)
        return len(text)


def test_no_other_threads_line_can_come_into_a_line(
    functions_environ: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = Written()
    monkeypatch.setattr(sys, "stdout", written)
    publish_metrics("chat-prod-send-message", {"Attempts": 1})
    [line] = written.writes
    assert line.endswith("}\n")


def test_a_line_is_what_the_format_asks_for(published: Any) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html"""
    line = published(**dict.fromkeys(TOTALS, 1.0))
    assert 1_700_000_000_000 < line["_aws"]["Timestamp"] < 4_102_444_800_000
    for directive in line["_aws"]["CloudWatchMetrics"]:
        assert directive.keys() == {"Namespace", "Dimensions", "Metrics"}
        assert directive["Namespace"] == "Chat"
        for target in [*directive["Dimensions"][0], *(metric["Name"] for metric in directive["Metrics"])]:
            assert target in line
