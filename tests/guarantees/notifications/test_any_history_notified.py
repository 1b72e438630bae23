"""Any history: who is notified of what is what a naive model says. So whatever was read elsewhere, removed, or no longer mentions
somebody is withdrawn, nobody who was sent away is notified, none is told twice, and none is missing."""

import os
import secrets
from typing import Any

import pytest

from chat.storage import keys
from simulator.settings import TABLES
from tests.guarantees.notifications.notification_history import History
from tests.guarantees.support.fixtures import partition

RUNS, AT_ONCE, STEPS = (1_000, 10, 30) if os.environ.get("PROVE") else (2, 5, 30)
"""10,000 histories at length."""


@pytest.fixture(autouse=True)
def _nothing_is_due(client: Any) -> None:
    """What another test has left would be judged here, too."""
    for table in TABLES.values():
        for item in partition(client, table, keys.NOTIFYING):
            client.delete_item(TableName=table, Key={"PK": item["PK"], "SK": item["SK"]})


@pytest.mark.parametrize("run", range(RUNS))
def test_who_is_notified_of_what_is_what_the_model_says(
    client: Any, functions_environ: None, run: int
) -> None:
    first = secrets.randbelow(2**32)
    told = 0
    for seed in range(first, first + AT_ONCE):
        print(f"seed {seed}")
        history = History(client, seed)
        for _ in range(STEPS):
            history.step()
        history.finish()
        ids = [item["id"]["S"] for item in history.telling.told]
        assert len(ids) == len(set(ids))
        told += len(ids)
    assert told
