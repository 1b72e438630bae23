"""Each line of the checklist has a state, and what is called done names where that is held."""

import re

from simulator.engine import PROJECT

PAGE = (PROJECT / "docs" / "definition-of-done.md").read_text(encoding="utf-8")
LINES = re.findall(r"^\| ([^|]+) \| (\w+) \| ([^|]+) \|$", PAGE, re.MULTILINE)
STATES = {"done", "local", "account", "declined", "open"}


def test_each_line_has_a_state() -> None:
    assert len(LINES) > 40
    assert [line for line in LINES if line[1] not in STATES and line[1] != "state"] == []
    sections = PAGE.partition("## Approval gates")[0]
    rows = [
        row
        for row in sections.splitlines()
        if row.startswith("| ") and not row.startswith(("| line", "| ---"))
    ]
    assert len(rows) == len([line for line in LINES if line[1] in STATES])


def test_what_is_done_names_a_file_a_page_or_a_command() -> None:
    """That these are there is held by `test_pages.py`."""
    unproven = [
        what for what, state, where in LINES if state in ("done", "local") and not re.search(r"`|\]\(", where)
    ]
    assert unproven == []
