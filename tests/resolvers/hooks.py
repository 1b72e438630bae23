"""The functions as a deployment with rules of its own has them."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chat_lambda import compose
from simulator.engine import PROJECT
from tests.resolvers.composed import composed
from tests.resolvers.harness import Harness

TOLD = PROJECT / "tests" / "resolvers" / "told_rules.py"
PATIENT = "3000"
"""Milliseconds: nothing that answers at all is too late, however busy this machine is."""


@dataclass
class Asked:
    """What the rules of `told_rules.py` were asked since it was last taken."""

    file: Path
    taken: int = 0

    def take(self) -> list[dict[str, Any]]:
        lines = self.file.read_text(encoding="utf-8").splitlines() if self.file.exists() else []
        new, self.taken = lines[self.taken :], len(lines)
        return [json.loads(line) for line in new]


@contextmanager
def hooks(harness: Harness, folder: Path, *, rules: Path = TOLD, **more: str) -> Iterator[Asked]:
    """The functions are composed anew, with these rules and with `more` settings; and again at the end, without."""
    asked = Asked(folder / "asked")
    given = {"CHAT_HOOKS": f"file:{rules}", "CHAT_HOOKS_TIMEOUT_MS": PATIENT, **more}
    with composed(harness, **given, ASKED=str(asked.file)):
        try:
            yield asked
        finally:
            if running := compose.hooks():
                running.close()


def containing(client: Any, word: str) -> list[str]:
    """The sort keys of all items, of everybody, that have this word anywhere in their values. Wants `few_items`."""
    found = []
    for table in (os.environ.get("CORE_TABLE", "gg_core"), os.environ.get("GUILD_TABLE", "gg_guild")):
        start: dict[str, Any] = {}
        while True:
            page = client.scan(TableName=table, ConsistentRead=True, **start)
            found += [item["SK"]["S"] for item in page["Items"] if word in json.dumps(item)]
            if not page.get("LastEvaluatedKey"):
                break
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
    return sorted(found)
