"""When an error budget burns too fast, by `terraform/objectives.json` and nothing else: what Terraform makes alarms of."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from simulator.engine import PROJECT
from tests.terraform.recorded import Timeline

RULES: Mapping[str, Any] = json.loads((PROJECT / "terraform" / "objectives.json").read_text(encoding="utf-8"))
BUDGETS = {"answered": 0.1, "latency": 5.0, "delivery": 0.1}
"""What may fail by the variables' defaults, in percent."""


@dataclass(frozen=True)
class Counts:
    failed: float
    total: float

    @property
    def percent(self) -> float:
        return 100 * self.failed / self.total if self.total > 0 else 0.0


Window = Callable[[int], Counts]
"""What was counted within so many seconds until now."""


def window_of(kind: str, timeline: Timeline, end: int) -> Window:
    """What an objective counts of a timeline, at minute `end`."""

    def counts(seconds: int) -> Counts:
        def sum_of(metric: str, stat: str = "Sum") -> float:
            return timeline.counted(metric, stat, end, seconds)

        match kind:
            case "answered":
                failed = sum_of("InternalError") + sum_of("ServiceUnavailable")
                return Counts(failed, sum_of("DurationMs", "SampleCount"))
            case "latency":
                return Counts(sum_of("DurationMs", "TC(200:)"), sum_of("DurationMs", "SampleCount"))
            case _:
                return Counts(
                    sum_of("DeliveriesDue") - sum_of("DeliveriesConfirmed"), sum_of("DeliveriesDue")
                )

    return counts


def in_alarm(kind: str, counts: Window) -> frozenset[str]:
    """The windows whose alarms are on."""

    def burns() -> Iterator[str]:
        for rate in RULES["burn_rates"]:
            threshold = float(f"{rate['times'] * BUDGETS[kind]:.4g}")
            long = counts(RULES["windows"][rate["over"]])
            is_enough = long.total >= RULES["least_counted"][kind] and long.failed >= RULES["least_failed"]
            if is_enough and long.percent > threshold:
                yield rate["over"]
            if rate["and"] and counts(RULES["windows"][rate["and"]]).percent > threshold:
                yield rate["and"]

    return frozenset(burns())


def wakes(windows: frozenset[str]) -> bool:
    """Whether these alarms together wake somebody: both windows of a burn rate that has two."""
    return any(rate["and"] and {rate["over"], rate["and"]} <= windows for rate in RULES["burn_rates"])


def notes(windows: frozenset[str]) -> bool:
    """Whether an alarm of one window tells of a budget that is used up slowly."""
    return any(not rate["and"] and rate["over"] in windows for rate in RULES["burn_rates"])
