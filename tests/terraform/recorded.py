"""What the real functions counted, call by call, in states that an objective has to tell apart: `recorded.json`, which
`test_recorded.py` writes. A timeline repeats these calls at given rates, minute by minute.

No line of it comes from AWS: what Lambda counts itself (`Invocations`, `Duration`) is made of the functions' own lines.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

RECORDED = Path(__file__).with_name("recorded.json")
OF_LAMBDA = {"Duration": "DurationMs", "Invocations": "DurationMs"}
STATES: Mapping[str, Sequence[Mapping[str, float]]] = (
    json.loads(RECORDED.read_text(encoding="utf-8")) if RECORDED.exists() else {}
)


def statistic(lines: Sequence[Mapping[str, float]], metric: str, stat: str) -> float:
    """Of all these calls: `Sum`, `SampleCount`, or `TC(200:)`, how many values are above 200.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
    """
    if metric == "Invocations":
        stat = "SampleCount"
    values = [line[name] for line in lines if (name := OF_LAMBDA.get(metric, metric)) in line]
    if above := re.fullmatch(r"TC\((\d+):\)", stat):
        return sum(value > float(above[1]) for value in values)
    return {"Sum": sum(values), "SampleCount": len(values)}[stat]


@cache
def of_a_call(state: str, metric: str, stat: str) -> float:
    """What a call in this state adds, on the average of those that were recorded."""
    return statistic(STATES[state], metric, stat) / len(STATES[state])


@dataclass(frozen=True)
class Span:
    """So many minutes, with so many calls a minute in each state."""

    minutes: int
    calls: Mapping[str, float]


@dataclass(frozen=True)
class Timeline:
    spans: tuple[Span, ...]

    @property
    def minutes(self) -> int:
        return sum(span.minutes for span in self.spans)

    def calls(self, end: int, seconds: int) -> dict[str, float]:
        """How many calls there were in each state, in the window that ends with minute `end`."""
        found: dict[str, float] = {}
        first, start = end - seconds / 60, 0
        for span in self.spans:
            shared = max(0, min(end, start + span.minutes) - max(first, start))
            for state, rate in span.calls.items():
                found[state] = found.get(state, 0) + shared * rate
            start += span.minutes
        return found

    def counted(self, metric: str, stat: str, end: int, seconds: int) -> float:
        """A metric's statistic in the window that ends with minute `end`."""
        shares = self.calls(end, seconds).items()
        return sum(calls * of_a_call(state, metric, stat) for state, calls in shares)
