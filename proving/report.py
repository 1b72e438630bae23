"""What came of a run: a line for each check, JUnit's XML, and JSON."""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any
from xml.etree import ElementTree as ET

from proving.run import Plan, Result

REASON_CHARACTERS = 1_000
UNPRINTABLE = re.compile(r"[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold (https://www.w3.org/TR/xml/#charsets)."""


def line(result: Result) -> str:
    """`fail  chat.send.repeat  A send that …: sent six times …  [docs/clients.md]`."""
    reason = f" — {result.reason[:REASON_CHARACTERS]}" if result.reason else ""
    return f"{result.status}  {result.check.id}  {result.check.title}{reason}  [{result.check.source}]"


def summary(results: Sequence[Result]) -> str:
    counts = Counter(each.status for each in results)
    return f"{counts['pass']} passed, {counts['fail']} failed, {counts['skip']} skipped"


def as_json(
    url: str,
    mapping: str,
    plan: Plan,
    results: Sequence[Result],
    left: Sequence[str],
    **more: Mapping[str, Any],
) -> str:
    """`left`: the rooms that could not be taken away; `more`: what else a program has to say, by its name."""
    checks = [
        {
            "id": each.check.id,
            "title": each.check.title,
            "source": each.check.source,
            "status": each.status,
            "reason": each.reason[:REASON_CHARACTERS],
            "seconds": round(each.seconds, 3),
        }
        for each in results
    ]
    told = {
        "url": url,
        "mapping": mapping,
        "atMost": asdict(plan.cost),
        "leftBehind": list(left),
        "checks": checks,
        **more,
    }
    return json.dumps(told, indent=2) + "\n"


def as_junit(results: Sequence[Result], suite_name: str = "conformance") -> str:
    """The form that CI servers read: https://github.com/testmoapp/junitxml."""
    counts = Counter(each.status for each in results)
    numbers = {"tests": len(results), "failures": counts["fail"], "errors": 0, "skipped": counts["skip"]}
    seconds = f"{sum(each.seconds for each in results):.3f}"
    suite = ET.Element(
        "testsuite", {"name": suite_name, "time": seconds} | {k: str(v) for k, v in numbers.items()}
    )
    for each in results:
        group, _, name = each.check.id.rpartition(".")
        case = ET.SubElement(suite, "testcase", classname=group, name=name, time=f"{each.seconds:.3f}")
        properties = ET.SubElement(case, "properties")
        for key, value in (("title", each.check.title), ("source", each.check.source)):
            ET.SubElement(properties, "property", name=key, value=value)
        if each.status != "pass":
            tag = {"fail": "failure", "skip": "skipped"}[each.status]
            ET.SubElement(case, tag, message=UNPRINTABLE.sub("\ufffd", each.reason[:REASON_CHARACTERS]))
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"
