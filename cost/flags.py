"""What functions that can be switched off ask of AppConfig, by its extension beside each of them.

The extension looks at its clock when its function is called, and asks if more than `FLAGS_SECONDS` have passed:
https://docs.aws.amazon.com/appconfig/latest/userguide/appconfig-integration-lambda-extensions-how-it-works.html
"""

import math
from collections.abc import Mapping

from chat.rules.flags import FIELDS
from cost.workload import DAYS, Workload

SWITCHED = frozenset(field.partition(".")[2] for fields in FIELDS.values() for field in fields)
PEAK = 3.0
"""How much more than on average is asked in the busiest second, about."""
ENVIRONMENT_S = 7_200
"""How long an environment of a function lives: Lambda ends them "every few hours".
https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html"""


def environments(work: Workload, calls: float, call_s: float) -> int:
    """How many environments of one function are there, where `calls` a month take `call_s` seconds each."""
    return math.ceil(PEAK * calls * call_s / _there(work))


def requests(work: Workload, calls: float, call_s: float) -> float:
    """How often a month one function's extensions ask for the configuration: after `flags_seconds`, and then with the next call."""
    if not (work.flags_seconds and calls):
        return 0.0
    there = environments(work, calls, call_s) * _there(work)
    return there / (work.flags_seconds + there / calls)


def received(work: Workload, calls: float, call_s: float) -> float:
    """How often a month they are given it: once in the life of an environment. A switch gives it to each once more."""
    if not work.flags_seconds:
        return 0.0
    return min(calls, environments(work, calls, call_s) * max(1.0, _there(work) / ENVIRONMENT_S))


def of_month(work: Workload, made: Mapping[str, float], call_s: float) -> tuple[float, float]:
    """Requests and configurations received, of all functions that can be switched off. `made`: calls by operation."""
    counts = [count for name, count in made.items() if name.partition(",")[0] in SWITCHED]
    return (
        sum(requests(work, count, call_s) for count in counts),
        sum(received(work, count, call_s) for count in counts),
    )


def _there(work: Workload) -> float:
    """Seconds of a month in which people are there."""
    return DAYS * work.hours * 3_600
