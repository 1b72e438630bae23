"""What has a schedule is called while the server runs, whatever the calls come to, and not afterwards."""

import asyncio
import json
import threading
from typing import Any

import pytest

from simulator.functions import Functions
from simulator.schedule import schedules_from_wiring
from simulator.server import ServerConfig, running
from simulator.settings import WIRING


def wiring(schedule: str) -> dict[str, Any]:
    return {"services": {"run_jobs": {"schedule": schedule}, "guild_membership": {}}}


@pytest.mark.parametrize(
    ("schedule", "seconds"), [("rate(1 minute)", 60.0), ("rate(5 minutes)", 300.0), ("rate(1 day)", 86_400.0)]
)
def test_a_rate_is_read_as_eventbridge_does(schedule: str, seconds: float) -> None:
    assert schedules_from_wiring(wiring(schedule)) == {"run_jobs": seconds}


@pytest.mark.parametrize("schedule", ["", "rate(0 minutes)", "rate(1)", "cron(0 12 * * ? *)", "1 minute"])
def test_anything_else_is_refused(schedule: str) -> None:
    with pytest.raises(ValueError, match="is no rate"):
        schedules_from_wiring(wiring(schedule))


def test_the_jobs_have_a_schedule() -> None:
    assert schedules_from_wiring(json.loads(WIRING.read_text(encoding="utf-8"))) == {"run_jobs": 60.0}


async def test_a_function_is_called_again_also_after_it_has_failed(schema: str) -> None:
    events: list[object] = []
    thrice = threading.Event()

    def handler(event: object, _: object) -> None:
        events.append(event)
        if len(events) == 3:
            thrice.set()
        raise RuntimeError

    config = ServerConfig(schema, Functions({"run_jobs": handler}), port=0, schedules={"run_jobs": 0.001})
    async with running(config):
        assert await asyncio.to_thread(thrice.wait, 20)
    config.functions.close()
    assert events[:3] == [{}, {}, {}]
    stopped = len(events)
    await asyncio.to_thread(lambda: None)
    assert len(events) <= stopped + 1  # the one that was under way
