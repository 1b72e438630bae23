"""The gateway's log lines: where something went wrong can be found by them, and nothing that is private."""

import json
import logging

import pytest

from gateway.logs import PLACES, JsonLines


def fail(depth: int) -> None:
    if not depth:
        raise RuntimeError("what bob wrote")
    fail(depth - 1)


def test_a_failure_says_what_it_was_and_where_and_not_its_text() -> None:
    with pytest.raises(RuntimeError) as raised:
        fail(2 * PLACES)
    about = (raised.type, raised.value, raised.tb)
    record = logging.LogRecord("gateway", logging.ERROR, __file__, 1, "failed", (), about)
    line = json.loads(JsonLines().format(record))
    assert (line["message"], line["error"], len(line["where"])) == ("failed", "RuntimeError", PLACES)
    assert line["where"][-1].startswith("test_logs.py:")
    assert line["where"][-1].endswith(" fail")
    assert "bob" not in json.dumps(line)
