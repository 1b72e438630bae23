"""A circuit breaker: after several failures in a row nothing is asked for a while, then one request tries.

https://learn.microsoft.com/azure/architecture/patterns/circuit-breaker
"""

import random
import time
from collections.abc import Callable
from typing import Literal

State = Literal["closed", "open", "half-open"]


class Breaker:
    """`failures` in a row open it for `pause` seconds, doubled each time up to `longest`, with jitter."""

    def __init__(
        self,
        *,
        failures: int = 5,
        pause: float = 0.5,
        longest: float = 15.0,
        now: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._failures, self._pause, self._longest = failures, pause, longest
        self._now, self._chance = now, chance
        self._count = 0
        self._opened = 0
        self._until: float | None = None
        self._trying = False

    @property
    def state(self) -> State:
        if self._until is None:
            return "closed"
        return "open" if self._now() < self._until else "half-open"

    def allows(self) -> bool:
        """Whether to ask. When half open, one may, and its outcome decides."""
        state = self.state
        if state == "half-open" and not self._trying:
            self._trying = True
            return True
        return state == "closed"

    def succeeded(self) -> None:
        self._count, self._opened, self._until, self._trying = 0, 0, None, False

    def abandoned(self) -> None:
        """Whoever asked did not wait for the outcome: the next one tries."""
        self._trying = False

    def failed(self) -> None:
        if self._until is not None and not self._trying:
            return  # it was underway when the breaker opened, and says nothing new
        self._count += 1
        self._trying = False
        if self._count >= self._failures:
            pause = min(self._longest, self._pause * 2 ** min(self._opened, 10))
            self._until = self._now() + pause * (0.5 + 0.5 * self._chance())
            self._opened += 1
