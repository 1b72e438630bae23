"""A few of the clients that are cut off at random; `python -m tests.guarantees.catch_up.disconnections` lives ten thousand lives."""

import secrets
from collections import Counter

from tests.guarantees.catch_up.disconnections import LIVES, tell
from tests.guarantees.support.backend import backend

STORIES = 3


async def test_clients_that_are_cut_off_miss_nothing_and_show_nothing_twice(functions_environ: None) -> None:
    seed = secrets.token_hex(4)
    counts: Counter[str] = Counter()
    with backend() as api:
        for number in range(STORIES):
            told = await tell(api, f"{seed}/{number}")
            assert told.wrong is None, f"story {told.name}: {told.wrong}"
            counts.update(told.counts)
    assert counts["runs"] == STORIES * LIVES
    assert counts["live"]
    assert counts["repaired"]
