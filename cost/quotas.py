"""Which of AWS's quotas a deployment meets first: the arithmetic of `cost/usage.py`, by the second at the peak."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from cost.flags import PEAK
from cost.table import Units
from cost.usage import usage
from cost.workload import DAYS, Workload

ROOM, DAILY = 100, 10
"""People in a room, and messages of each in a day, of the page's workload."""


@dataclass(frozen=True, slots=True)
class Quota:
    """`limit`: by default. `unit`: of what. `source`: AWS's page. AWS raises each of these when asked."""

    name: str
    limit: float
    unit: str
    source: str


APPSYNC = "https://docs.aws.amazon.com/general/latest/gr/appsync.html"
LAMBDA = "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"
DYNAMODB = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html"

TOKENS = Quota("AppSync: request tokens", 5_000, "a second, account and region", APPSYNC)
CONNECTS = Quota("AppSync: new connections", 2_000, "a second, API", APPSYNC)
OUTBOUND = Quota("AppSync: outbound messages of 5 kB", 1_000_000, "a second, API", APPSYNC)
RUNS = Quota("Lambda: functions at once", 1_000, "account and region", LAMBDA)
READ = Quota("DynamoDB: read units", 40_000, "a second, table", DYNAMODB)
WRITTEN = Quota("DynamoDB: write units", 40_000, "a second, table", DYNAMODB)
QUOTAS = (TOKENS, CONNECTS, OUTBOUND, RUNS, READ, WRITTEN)


def demands(work: Workload, table: Mapping[str, Units]) -> dict[Quota, float]:
    """What the busiest second asks of each, in its unit. All rooms are taken to be in one table."""
    used = usage(work, table)
    second = PEAK / (DAYS * work.hours * 3_600)
    connects = work.people * (work.visits + work.reconnects) * DAYS if work.via == "appsync" else 0.0
    return {
        TOKENS: used.operations * second,
        CONNECTS: connects * second,
        OUTBOUND: used.updates * second,
        RUNS: used.gb_seconds * second,  # of functions with 1 GB
        READ: used.read * second,
        WRITTEN: used.written * second,
    }


def first(asked: Mapping[Quota, float]) -> Quota:
    """The one of which most is used."""
    return max(asked, key=lambda quota: asked[quota] / quota.limit)


def breaks_at(work: Workload, table: Mapping[str, Units]) -> int:
    """With how many people, all else of a workload in proportion, the first quota is used up; to two digits."""
    low, high = work.room, 10_000_000_000
    each = work.messages / work.people
    while high - low > low // 100 + 1:
        people = (low + high) // 2
        asked = demands(replace(work, people=people, messages=each * people), table)
        if max(demand / quota.limit for quota, demand in asked.items()) > 1:
            high = people
        else:
            low = people
    return int(float(f"{low:.2g}"))
