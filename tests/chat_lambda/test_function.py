"""What a function counts of a call that it refuses."""

import json
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from chat.rules.errors import ChatError, InternalError, ServiceUnavailable
from chat_lambda.function import Call, resolver


@dataclass(frozen=True)
class Context:
    function_name: str = "chat-prod-send-message"
    aws_request_id: str = "r-1"


@pytest.mark.parametrize(
    ("refusal", "is_counted"), [(ServiceUnavailable(reason="clock"), True), (ServiceUnavailable(), False)]
)
def test_a_refusal_for_the_clock_is_counted_by_function_and_by_deployment(
    functions_environ: None,
    project: Path,
    capsys: pytest.CaptureFixture[str],
    refusal: ChatError,
    is_counted: bool,
) -> None:
    @resolver()
    def handler(call: Call) -> Any:
        raise refusal

    event = json.loads((project / "events" / "Mutation.sendMessage.json").read_text(encoding="utf-8"))
    with pytest.raises(ServiceUnavailable):
        handler(event, Context())
    line = json.loads(capsys.readouterr().out)
    counted = [[metric["Name"] for metric in each["Metrics"]] for each in line["_aws"]["CloudWatchMetrics"]]
    assert [("ClockInDoubt" in names) for names in counted] == [is_counted] * 2
    assert all("ServiceUnavailable" in names for names in counted)


TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Traceparent": TRACE}, "0af7651916cd43dd8448eb211c80319c"),
        ({"x-amzn-trace-id": "Root=1-67891233-abcdef012345678912345678"}, "67891233abcdef012345678912345678"),
        ({"traceparent": "somebody@example.com"}, None),
    ],
)
def test_every_line_of_a_call_names_its_trace(
    functions_environ: None,
    project: Path,
    caplog: pytest.LogCaptureFixture,
    headers: dict[str, str],
    expected: str | None,
    fails: bool,
) -> None:
    @resolver()
    def handler(call: Call) -> Any:
        if fails:
            raise KeyError
        return {}

    event = json.loads((project / "events" / "Mutation.sendMessage.json").read_text(encoding="utf-8"))
    event["request"]["headers"] = headers
    with pytest.raises(InternalError) if fails else nullcontext():
        handler(event, Context())
    lines = [(record.getMessage(), vars(record)["trace_id"]) for record in caplog.records]
    assert lines == ([("Unexpected failure", expected)] if fails else []) + [("Answered", expected)]
