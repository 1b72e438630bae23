"""What a function counts of a call that it refuses."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from chat.rules.errors import ChatError, ServiceUnavailable
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
