"""Processes whose clocks are wrong, over a store that says its time as DynamoDB does."""

import time
from collections.abc import Sequence
from functools import cache
from typing import Any

from chat.deployment import Deployment
from chat.storage.aws import client as aws_client
from chat.storage.clock import StoreClock, wall_clock
from chat.storage.store import Store
from simulator.settings import REGION, TABLES
from tests.guarantees.support.partial_visibility import PartialVisibility


class Ear(StoreClock):
    """Passes on what a client's answers say to the clock of the process that has the client now: making one takes
    longer than most of these tests."""

    def __init__(self) -> None:
        super().__init__()
        self.process = StoreClock()
        self.hears = True

    def asked(self) -> None:
        self.process.asked()

    def answered(self, date: str | None) -> None:
        self.process.answered(date if self.hears else None)


@cache
def _client(endpoint: str) -> tuple[Any, Ear]:
    ear = Ear()
    return aws_client("dynamodb", region=REGION, endpoint=endpoint, timeout=20, lean=True, clock=ear), ear


def process_wrong_by(
    skew: int,
    endpoint: str,
    *,
    with_date: bool = True,
    hiding: PartialVisibility | None = None,
    frozen_ms: Sequence[int] = (0,),
) -> Deployment:
    """A process whose clock is `skew` ms wrong; one at a time. `with_date`: the store tells its time. `hiding`: it sees
    what that shows its reader. `frozen_ms`: for so long its monotonic clock has stood still by now, and lags."""
    clock = StoreClock(
        now=lambda: wall_clock() + skew, monotonic=lambda: time.monotonic() - frozen_ms[0] / 1_000
    )
    client, ear = _client(endpoint)
    ear.process, ear.hears = clock, with_date
    if hiding is not None:
        hiding.client = client
        client = hiding.reader
    store = Store(
        client, {"core": TABLES["CORE_TABLE"], "guild": TABLES["GUILD_TABLE"]}, in_doubt=clock.in_doubt
    )
    return Deployment(store=store, now=clock.now, clock_in_doubt=clock.in_doubt, chance=lambda: 0.0)
