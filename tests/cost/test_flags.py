"""What flags cost: requests are held to what a function's own cache asks, whose rule the extension has as well."""

import json
import os
import secrets
from dataclasses import replace
from random import Random

import pytest

from chat.rules.tally import Tally
from chat_lambda.flags import Switches
from cost import flags
from cost.bill import bill
from cost.table import units
from cost.workload import DAYS, Workload, read
from simulator.settings import WIRING

WORK = Workload(room=100, messages=0, people=100, visits=0, reconnects=0, epochs=0)
THERE_S = 8 * 3_600
CALL_S = 0.015
FIELD = "Mutation.markRead"


def asked(gap_s: float, seconds: float) -> float:
    """How often a second one environment asks, when it is called at any time, about every `gap_s`."""
    chosen = int(os.environ.get("SEED", "0")) or secrets.randbits(32)
    print(f"SEED={chosen}")
    chance, count, now = Random(chosen), 0, 0.0  # noqa: S311  repeatable

    def retrieved() -> dict[str, bool]:
        nonlocal count
        count += 1
        return {}

    switches = Switches(retrieved, seconds, lambda: now)
    for _ in range(100_000):
        now += chance.expovariate(1 / gap_s)
        switches.check(FIELD, Tally())
    return count / now


@pytest.mark.parametrize("gap_s", [1.0, 7.0, 100.0, 3_600.0])
@pytest.mark.parametrize("seconds", [10.0, 30.0, 300.0])
def test_requests_are_those_that_an_environment_makes(gap_s: float, seconds: float) -> None:
    work, calls = replace(WORK, flags_seconds=seconds), THERE_S / gap_s * DAYS
    assert flags.environments(work, calls, CALL_S) == 1
    assert flags.requests(work, calls, CALL_S) / THERE_S / DAYS == pytest.approx(
        asked(gap_s, seconds), rel=0.05
    )


def test_more_calls_at_once_are_more_environments_that_all_ask() -> None:
    """A thousand calls a second of 15 ms run 15 at once, and three times as many at the busiest."""
    calls = 1_000.0 * THERE_S * DAYS
    assert flags.environments(WORK, calls, CALL_S) == 45
    assert flags.requests(WORK, calls, CALL_S) == pytest.approx(45 * THERE_S * DAYS / 30, rel=0.01)
    assert flags.received(WORK, calls, CALL_S) == 45 * 4 * DAYS


def test_a_bill_by_hand() -> None:
    """One environment that is called about ten times a second: 28,705 requests and 120 configurations."""
    lines = bill(replace(WORK, people=100_000, reads=2.88), units())
    assert lines["AppConfig: flags"] == pytest.approx(28_705 * 0.20 / 1_000_000 + 120 * 0.0008, rel=0.0001)
    assert "AppConfig: flags" not in bill(replace(WORK, flags_seconds=0), units())
    assert read(["ROOM=7", "MESSAGES=0", "FLAGS_SECONDS=0"]).flags_seconds == 0


def test_those_that_ask_are_the_functions_that_are_told_of_flags() -> None:
    fields = json.loads(WIRING.read_text(encoding="utf-8"))["fields"]
    told = {name.partition(".")[2] for name, each in fields.items() if "FLAGS" in each["settings"]}
    assert told == flags.SWITCHED
