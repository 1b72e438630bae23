"""Whether a canary of a whole release goes on, is through, or is reverted. Pure: alarms' states and a clock come in.

CloudWatch judges the metrics; here its alarms' states are. What cannot be seen counts for nothing: time passes only while
every alarm is seen and has data, and without that for `BLIND_S` the canary is reverted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, Field

from releases.record import Document

AlarmState = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]
"""https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricAlarm.html"""

LONGEST_LOOK_S = 120.0
"""Of the time between two looks that counts: an alarm that rang and ended while nobody looked would go unseen."""
BLIND_S = 900.0
"""New alarms have no data for up to three of their periods of five minutes."""


def _rise(weights: tuple[float, ...]) -> tuple[float, ...]:
    if not all(0 < each < 1 for each in weights) or sorted(set(weights)) != list(weights):
        raise ValueError("weights rise, each above 0 and below 1")
    return weights


Weights = Annotated[tuple[float, ...], Field(min_length=1, max_length=10), AfterValidator(_rise)]
"""Shares of the calls, one after the other, each for as long as the others."""


class Canary(Document):
    """How much of the calls the new release gets, and for how long it has been watched."""

    minutes: float = Field(gt=0, le=24 * 60)
    weights: Weights
    watched_s: float = Field(0.0, ge=0)
    blind_s: float = Field(0.0, ge=0)
    looked_at: AwareDatetime | None = None

    @property
    def weight(self) -> float:
        """The share of the calls that the new release gets by now."""
        step = int(self.watched_s / (self.minutes * 60) * len(self.weights))
        return self.weights[min(step, len(self.weights) - 1)]

    @property
    def is_over(self) -> bool:
        return self.watched_s >= self.minutes * 60


@dataclass(frozen=True, slots=True)
class Hold:
    """On, with this share of the calls."""

    weight: float


@dataclass(frozen=True, slots=True)
class Finish:
    """All calls."""


@dataclass(frozen=True, slots=True)
class Revert:
    """No calls; `reason` is a sentence."""

    reason: str


Decision = Hold | Finish | Revert


def ringing(watched: tuple[str, ...], states: Mapping[str, AlarmState]) -> list[str]:
    """The alarms that ring, of those that are watched."""
    return [name for name in watched if states.get(name) == "ALARM"]


def look(
    canary: Canary, watched: tuple[str, ...], states: Mapping[str, AlarmState], now: datetime
) -> tuple[Canary, Decision]:
    """The canary after a look at `states`, by alarm, at `now`; and what to do. An absent alarm was not seen."""
    if rings := ringing(watched, states):
        return canary, Revert(f"In alarm: {', '.join(rings)}.")
    gap = 0.0 if canary.looked_at is None else max(0.0, (now - canary.looked_at).total_seconds())
    gap = min(gap, LONGEST_LOOK_S)
    unseen = [name for name in watched if states.get(name) != "OK"]
    if unseen:
        later = canary.model_copy(update={"looked_at": now, "blind_s": canary.blind_s + gap})
        if later.blind_s > BLIND_S:
            return later, Revert(f"Not to be judged for {BLIND_S / 60:.0f} minutes: {', '.join(unseen)}.")
        return later, Hold(later.weight)
    counted = canary.watched_s + gap
    later = canary.model_copy(update={"looked_at": now, "blind_s": 0.0, "watched_s": counted})
    return later, Finish() if later.is_over else Hold(later.weight)
