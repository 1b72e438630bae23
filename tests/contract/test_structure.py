"""What `make structure` says of a checkout."""

from pathlib import Path

import pytest

from simulator.engine import PROJECT
from tests.contract.structure import PROGRAMS, Structure, report


def checkout(root: Path, **modules: str) -> Path:
    """A checkout whose `chat` has these modules; `__` in a name stands for a folder."""
    for name, source in modules.items():
        path = (root / PROGRAMS["chat"] / name.replace("__", "/")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf-8")
    return root


def test_floors_arrows_back_up_and_circles_are_told(tmp_path: Path) -> None:
    project = checkout(
        tmp_path,
        operations__send="import json\nfrom chat.steps import retry\nfrom chat.rules.rate import Rate\n",
        steps__retry="from chat.rules import rate\n",
        rules__rate="def charge():\n    from chat.steps.retry import attempts\n",
        rules__text="",
    )
    chat = Structure.of(project, {"chat": PROGRAMS["chat"]})
    assert chat.pairs() == [
        ("chat.operations.send", "chat.rules.rate"),
        ("chat.operations.send", "chat.steps.retry"),
        ("chat.rules.rate", "chat.steps.retry"),
        ("chat.steps.retry", "chat.rules.rate"),
    ]
    assert chat.back_up() == [("chat.rules.rate", "chat.steps.retry")]
    assert chat.circles() == [("chat.rules.rate", "chat.steps.retry")]
    assert chat.depth() == 2
    lines = "\n".join(report(project))
    assert "operations         1      3       0  rules 1, steps 1" in lines
    assert "circles: 1\n  chat.rules.rate ↔ chat.steps.retry" in lines


def test_a_flat_package_is_one_floor(tmp_path: Path) -> None:
    project = checkout(tmp_path, deployment="from chat.models import Head\n", models="")
    chat = Structure.of(project, {"chat": PROGRAMS["chat"]})
    assert {chat.floor_of(module) for module in chat.arrows} == {"chat"}
    assert chat.back_up() == []


@pytest.mark.parametrize("package", PROGRAMS)
def test_every_program_has_modules(package: str) -> None:
    assert Structure.of(PROJECT, {package: PROGRAMS[package]}).arrows
