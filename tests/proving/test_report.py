"""Reports that programs read."""

import json
from xml.etree import ElementTree as ET

from proving.check import Check, Cost, Failed
from proving.report import as_json, as_junit, line, summary
from proving.run import Plan, Result


async def nothing(_: object) -> None:
    raise Failed("not asked")


CHECK = Check("chat.send.repeat", "Once & only <once>.", "docs/clients.md", (), Cost(), nothing)
RESULTS = [
    Result(CHECK, "pass", "", 0.5),
    Result(CHECK, "fail", 'stored "twice" <&> \x00\x1b\ufffe' + "x" * 5_000, 1.25),
    Result(CHECK, "skip", "not promised: so", 0),
]


def test_a_line_says_what_was_promised_where_and_what_was_seen() -> None:
    assert line(RESULTS[2]) == (
        "skip  chat.send.repeat  Once & only <once>. — not promised: so  [docs/clients.md]"
    )
    assert summary(RESULTS) == "1 passed, 1 failed, 1 skipped"


def test_junit_is_xml_that_counts_and_says_why() -> None:
    (suite,) = ET.fromstring(as_junit(RESULTS))  # noqa: S314  our own
    assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "3",
        "failures": "1",
        "errors": "0",
        "skipped": "1",
    }
    cases = suite.findall("testcase")
    assert [(each.get("classname"), each.get("name")) for each in cases] == [("chat.send", "repeat")] * 3
    failure = cases[1].find("failure")
    assert failure is not None
    message = failure.get("message") or ""
    assert message.startswith('stored "twice" <&> \ufffd\ufffd\ufffd')
    assert len(message) == 1_000
    source = cases[0].find("properties/property[@name='source']")
    assert source is not None
    assert source.get("value") == "docs/clients.md"


def test_json_says_all_of_it() -> None:
    told = json.loads(
        as_json("http://127.0.0.1/graphql", "ours", Plan([CHECK], Cost(1, 2, 3)), RESULTS, ["r: no"])
    )
    assert told["atMost"] == {"rooms": 1, "messages": 2, "connections": 3}
    assert told["leftBehind"] == ["r: no"]
    assert [each["status"] for each in told["checks"]] == ["pass", "fail", "skip"]
    assert {each["source"] for each in told["checks"]} == {"docs/clients.md"}
