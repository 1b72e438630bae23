"""Dollars a month."""

from collections.abc import Mapping
from dataclasses import replace

from chat.steps.heartbeat_request import MOST_PEOPLE
from cost import prices
from cost.table import Units
from cost.usage import (
    CONFIRMED,
    LOGGED_BYTES,
    MONTH_HOURS,
    MS_ALONE,
    MS_OF_A_HUNDRED,
    TRACED,
    Usage,
    units_of,
    usage,
)
from cost.workload import DAYS, Via, Workload

ALARM_METRICS, CUSTOM_METRICS = 138, 250
"""What the alarms of a deployment watch, and metrics of ours once every field is in use: `docs/runbook.md`."""
GATEWAY_ALARM_METRICS, GATEWAY_METRICS = 8, 6
"""What the gateway adds to these."""
COMPOSITE_ALARMS = 1
ZONES = 2
"""In which the gateway has a NAT gateway each."""
GB = 1e9
MOST_PEOPLE_ASKED = 10_000_000
"""Up to where it is looked for how many people the gateway is cheaper for."""


def bill(work: Workload, table: Mapping[str, Units]) -> dict[str, float]:
    """What each line costs; without those that cost nothing."""
    used = usage(work, table)
    watched = ALARM_METRICS + (GATEWAY_ALARM_METRICS if used.tasks else 0)
    counted = CUSTOM_METRICS + (GATEWAY_METRICS if used.tasks else 0)
    lines = {
        "AppSync: operations": used.operations * prices.OPERATION,
        "AppSync: real-time updates": used.updates * prices.UPDATE,
        "AppSync: connection minutes": used.minutes * prices.CONNECTION_MINUTE,
        "DynamoDB: read units": used.read * prices.READ_UNIT,
        "DynamoDB: write units": used.written * prices.WRITE_UNIT,
        "DynamoDB: storage and recovery": used.stored_bytes
        / GB
        * (prices.STORED_GB_MONTH + prices.RECOVERY_GB_MONTH),
        "Lambda: calls": used.functions * prices.CALL,
        "Lambda: GB-seconds": used.gb_seconds * prices.GB_SECOND,
        "CloudWatch: logs": used.functions * LOGGED_BYTES / GB * prices.LOG_GB,
        "CloudWatch: alarms": watched * prices.ALARM_MONTH + COMPOSITE_ALARMS * prices.COMPOSITE_ALARM_MONTH,
        "CloudWatch: metrics": counted * prices.METRIC_MONTH,
        "X-Ray: traces": used.operations * TRACED * prices.TRACE,
        "AppConfig: flags": used.configuration_requests * prices.CONFIGURATION_REQUEST
        + used.configurations * prices.CONFIGURATION_RECEIVED,
        "data out": used.out_bytes / GB * prices.OUT_GB,
    }
    return {name: cost for name, cost in (lines | _gateway(used)).items() if cost}


def _gateway(used: Usage) -> dict[str, float]:
    if not used.tasks:
        return {}
    return {
        "gateway: tasks": used.task_hours * prices.TASK_HOUR,
        "gateway: load balancer": MONTH_HOURS * (prices.BALANCER_HOUR + ZONES * prices.ADDRESS_HOUR)
        + used.balancer_units * prices.BALANCER_UNIT_HOUR,
        "gateway: NAT": MONTH_HOURS * ZONES * (prices.NAT_HOUR + prices.ADDRESS_HOUR)
        + used.nat_bytes / GB * prices.NAT_GB,
    }


def shares(work: Workload, table: Mapping[str, Units]) -> dict[str, float]:
    """What of the sum some of it is: the sum less what it is without that, and of heartbeats their own units, calls and operations."""
    whole = sum(bill(work, table).values())
    without = {
        "reconnects": replace(work, reconnects=0.0),
        "epochs": replace(work, epochs=0.0),
        "read receipts": replace(work, reads=0.0),
        "messages": replace(work, messages=0.0),
    }
    found = {name: whole - sum(bill(less, table).values()) for name, less in without.items()}
    return {"heartbeats with confirmations": _confirmations(work, table)} | found


def _confirmations(work: Workload, table: Mapping[str, Units]) -> float:
    used, found = usage(work, table), 0.0
    for name in CONFIRMED & used.calls.keys():
        each, count = units_of(work, name, table), used.calls[name]
        people, milliseconds = (MOST_PEOPLE, MS_OF_A_HUNDRED) if used.tasks else (1, MS_ALONE)
        call = prices.OPERATION + prices.CALL + milliseconds / 1_000 * prices.GB_SECOND
        found += count * (each.read * prices.READ_UNIT + each.written * prices.WRITE_UNIT + call / people)
    return found


def pays_from(work: Workload, daily: float, table: Mapping[str, Units]) -> int | None:
    """From how many people the gateway is cheaper, in whole rooms, where each sends `daily` messages a day; `None`: never."""

    def saves(rooms: int) -> bool:
        people = work.room * rooms
        asked = replace(work, people=people, messages=daily * people * DAYS)
        ways: tuple[Via, Via] = ("appsync", "gateway")
        direct, behind = (sum(bill(replace(asked, via=via), table).values()) for via in ways)
        return direct > behind

    most = max(1, MOST_PEOPLE_ASKED // work.room)
    if not saves(most):
        return None
    low, high = 0, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if saves(middle) else (middle, high)
    return high * work.room
