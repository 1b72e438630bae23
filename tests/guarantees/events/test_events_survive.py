"""Events survive a reader that fails, repeats, restarts, meets poison and falls behind: `survival.py`, briefly. At length: `make
prove-events`."""

import os
import secrets
from typing import Any

import pytest

from tests.guarantees.events.survival import Survival, check

pytestmark = pytest.mark.real_engine(
    "moto's tables would keep each record, and copy all of them for each transaction"
)


@pytest.mark.timeout(180)
def test_none_is_lost_after_reemission(client: Any, endpoint: str) -> None:
    seed = int(os.environ.get("EVENTS_SEED") or secrets.randbelow(1_000_000))
    print(f"seed {seed}")
    survival = Survival(endpoint, seed, rooms=4)
    survival.run(120)
    print(check(survival))
