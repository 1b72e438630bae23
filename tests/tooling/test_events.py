"""The files of `events/` give what their page says, in any order, and
change nothing that `make run` serves."""

import json
import os
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from chat.storage.aws import client
from simulator import demo
from simulator.engine import PROJECT, embedded
from simulator.engine_host import CREDENTIALS
from simulator.settings import EVENT_TABLES, REGION, TABLES
from tests.contract.tables_page import rows

EVENTS = sorted(path.stem for path in (PROJECT / "events").glob("*.json"))


def documented() -> dict[str, str]:
    """What `events/README.md` says of each file: the class of its refusal, or "answer"."""
    page = (PROJECT / "events" / "README.md").read_text(encoding="utf-8")
    told = dict.fromkeys(EVENTS, "answer")
    for function, refusal, variants in re.findall(
        r"^\| `([\w.]+)` \| `(\w+)` \| (.+) \|$", page, re.MULTILINE
    ):
        plain = [function] if "*itself*" in variants else []
        for name in [*plain, *(f"{function}.{variant}" for variant in re.findall(r"`([^`]+)`", variants))]:
            assert told.get(name) == "answer", f"{name} is told of twice, or is no file"
            told[name] = refusal
    return told


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a MiniStack of this test's own, with the demo data alone."""
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    with embedded("ministack", tmp_path / "engine", in_memory=True) as endpoint:
        demo.fill(endpoint, endpoint)
        yield endpoint


def stored(endpoint: str) -> dict[str, Any]:
    """Everything in the tables that `make run` serves."""
    dynamodb = client("dynamodb", region=REGION, endpoint=endpoint, timeout=20)
    return {
        json.dumps([table, item["PK"], item["SK"]]): item
        for table in TABLES.values()
        for page in dynamodb.get_paginator("scan").paginate(TableName=table)
        for item in page["Items"]
    }


def outcomes(kind: str, endpoint: str, state: Path, names: list[str]) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.tooling.every_event", kind, endpoint, str(state), *names]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{PROJECT}:{PROJECT / 'layers/chat/python'}"}
    return subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True)


def untold(endpoint: str) -> list[tuple[str, str, str]]:
    """What events have left that the page of tables does not tell: `type`, sort key and attribute."""
    dynamodb, told = client("dynamodb", region=REGION, endpoint=endpoint, timeout=20), rows()
    return [
        (item["type"]["S"], item["SK"]["S"], name)
        for table in EVENT_TABLES.values()
        for page in dynamodb.get_paginator("scan").paginate(TableName=table)
        for item in page["Items"]
        for name in told[item["type"]["S"]].unexpected(item)
    ]


@pytest.mark.timeout(300)  # 300 processes
def test_each_event_has_its_outcome_twice_in_two_orders_and_the_demo_rooms_stay(
    tmp_path: Path, engine: str
) -> None:
    before = stored(engine)
    for _ in range(2):
        seed = secrets.randbelow(1_000_000)
        print(f"order: Random({seed}).sample(EVENTS, len(EVENTS))")
        names = Random(seed).sample(EVENTS, len(EVENTS))  # noqa: S311  repeatable
        kinds = [outcomes(kind, engine, tmp_path, names) for kind in ("served", "own")]
        lines = [line for each in kinds for line in each.communicate()[0].splitlines()]
        assert [each.returncode for each in kinds] == [0, 0]
        assert dict(map(json.loads, lines)) == documented()
        assert len(lines) == len(EVENTS)
    assert stored(engine) == before
    assert untold(engine) == []
