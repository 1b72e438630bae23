"""docs/hooks.md says what there is: examples, kinds, values, settings and metrics."""

import re
import subprocess
import sys
from collections.abc import Mapping
from typing import get_args

import pytest

from chat import hooks
from chat.rules.hooks import MAX_SENTENCE, TextKind
from chat.steps.hooks import REFUSALS
from chat_lambda.hook_process import NAMES
from chat_lambda.hooks import RESTART_S
from chat_lambda.settings import Settings, read
from simulator.engine import PROJECT
from tests.contract.test_imports import ROOTS
from tests.contract.test_pages import PAGES, first_cells, section, spans

PAGE = "docs/hooks.md"
TEXT = " ".join(PAGES[PAGE].split())


def test_the_examples_are_the_files() -> None:
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGES[PAGE], re.MULTILINE | re.DOTALL)
    files = [PROJECT / "docs" / "hooks" / name for name in ("words.py", "company.py")]
    assert blocks == [file.read_text(encoding="utf-8") for file in files]


def test_a_hook_is_called_as_the_page_calls_it() -> None:
    (script,) = re.findall(r"^```\n(PYTHONPATH=.*?)^```$", PAGES[PAGE], re.MULTILINE | re.DOTALL)
    said = subprocess.check_output(
        ["sh", "-c", script.replace("python3", sys.executable)], cwd=PROJECT, env={}, text=True
    )
    assert said == "Oh ****\n"


def test_every_kind_has_its_line() -> None:
    table, _, _ = section(PAGE, "What is asked").partition("`may_add(")
    assert first_cells(table) == ["kind", *get_args(TextKind)]


@pytest.mark.parametrize("name", NAMES)
def test_a_hook_takes_what_the_page_says(name: str) -> None:
    assert f"{name}({', '.join(NAMES[name])})" in spans(PAGE)


@pytest.mark.parametrize("value", ["Room", "Member", "Person"])
def test_a_value_has_the_attributes_that_its_line_names(value: str) -> None:
    (line,) = re.findall(rf"^\| `{value}` \| (.*) \|$", PAGES[PAGE], re.MULTILINE)
    own: Mapping[str, object] = getattr(hooks, value).__annotations__
    named = set(re.findall(r"`(\w+)`", line))
    assert set(own) <= named
    assert named - set(own) <= {
        "general",
        "guild",
        "public",
        "private",
        "owner",
        "moderator",
        "member",
        "None",
    }


def test_settings_have_their_lines_and_defaults() -> None:
    own = read({})
    names = [name for name in Settings.__annotations__ if name.startswith("chat_hooks")]
    rows = dict(re.findall(r"^\| `(CHAT_HOOKS\w*)` \| (.*?) ?\|", section(PAGE, "Settings"), re.MULTILINE))
    assert rows == {name.upper(): _shown(getattr(own, name)) for name in names}


def _shown(default: object) -> str:
    return {None: "", "closed": "`closed`"}.get(default, str(default))  # type: ignore[call-overload, no-any-return]


def test_every_metric_is_named() -> None:
    source = (ROOTS["chat"] / "steps" / "hooks.py").read_text(encoding="utf-8")
    assert set(re.findall(r'"(Hooks?[A-Z]\w+)"', source)) == {
        span for span in spans(PAGE) if re.fullmatch(r"Hooks?[A-Z]\w+", span)
    }


def test_limits_are_the_codes_own() -> None:
    assert f"at most {MAX_SENTENCE} characters" in TEXT
    assert (REFUSALS.burst, REFUSALS.per_second) == (30, 1)
    assert "Thirty refusals at once, and then one a second" in TEXT
    assert RESTART_S == 2.0
    assert "at most two seconds" in TEXT


def test_what_may_be_said_has_its_line() -> None:
    assert first_cells(section(PAGE, "When it fails")) == ["CHAT_HOOKS_ON_FAILURE", "closed", "open"]
