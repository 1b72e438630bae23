"""A few of the clients that are cut off at random; `python -m
tests.guarantees.catch_up.disconnections` runs ten thousand."""

import secrets
from collections import Counter
from typing import Any

from tests.guarantees.catch_up.disconnections import CLIENTS, run_script
from tests.guarantees.support.backend import backend

SCRIPTS = 3


async def test_clients_that_are_cut_off_miss_nothing_and_show_nothing_twice(
    client: Any, publishing: str
) -> None:
    seed = secrets.token_hex(4)
    counts: Counter[str] = Counter()
    with backend(publishing, client) as api:
        for number in range(SCRIPTS):
            result = await run_script(api, f"{seed}/{number}")
            assert result.problem is None, f"script {result.name}: {result.problem}"
            counts.update(result.counts)
    assert counts["runs"] == SCRIPTS * CLIENTS
    assert counts["live"]
    assert counts["repaired"]
