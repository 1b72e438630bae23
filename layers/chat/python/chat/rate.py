"""Rate limits by GCRA, which needs one number: the theoretical arrival time (`tat`).

https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm. All instants are epoch microseconds, so that limits of a
thousand a second and of one in three seconds are both whole steps.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    """`per_second` on average, `burst` at once; both at least a little."""

    per_second: float
    burst: int

    @property
    def step(self) -> int:
        """Microseconds that one message costs."""
        return max(1, round(1_000_000 / self.per_second))

    @property
    def tolerance(self) -> int:
        """How far ahead of now `tat` may lie when a message is still let through."""
        return self.step * (self.burst - 1)

    def wait(self, tat: int, now: int) -> int:
        """Microseconds until the next message is let through; 0 when it is let through now."""
        return max(0, tat - self.tolerance - now)

    def taken(self, tat: int, now: int) -> int:
        """`tat` after one more message: idle counts from now, a burst adds to what stands."""
        return max(tat, now) + self.step
