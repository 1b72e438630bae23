"""EventBridge's part on one machine: functions that a schedule calls, again and again."""

import asyncio
import logging
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from simulator.functions import FunctionError, Functions

log = logging.getLogger(__name__)

UNITS = {"minute": 60.0, "hour": 3_600.0, "day": 86_400.0}


def schedules_from_wiring(wiring: Mapping[str, Any]) -> dict[str, float]:
    """Every how many seconds each service's function is called that the wiring gives a schedule.

    Raises `ValueError` for one that is not `rate(…)`:
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html
    """
    found = {name: entry.get("schedule") for name, entry in wiring.get("services", {}).items()}
    return {name: _seconds(schedule) for name, schedule in found.items() if schedule is not None}


def _seconds(schedule: str) -> float:
    rate = re.fullmatch(r"rate\(([1-9]\d*) (minute|hour|day)s?\)", schedule)
    if rate is None:
        raise ValueError(f"{schedule!r} is no rate(…)")
    return int(rate[1]) * UNITS[rate[2]]


async def call_on_schedule(functions: Functions, name: str, seconds: float, stopped: asyncio.Event) -> None:
    """Call a function now and every so many seconds, until `stopped`. One that fails is called again.

    A call under way ends with this task's cancellation, which alone would not do: before Python 3.12
    `wait_for` loses one that comes as the call returns.
    """
    while not stopped.is_set():
        try:
            await functions.invoke(name, {})
        except FunctionError as failure:
            log.warning("scheduled call failed", extra={"function": name, "error": failure.error_type})
        with suppress(TimeoutError):
            await asyncio.wait_for(stopped.wait(), seconds)
