"""Rate limits by GCRA, which needs one number: the theoretical arrival time (`tat`).

https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm. All instants are epoch microseconds, so that limits
of a thousand a second and of one in three seconds are both whole steps.
"""

from collections.abc import Mapping

from chat.rules.record import record

LEAD_US = 3_000_000
"""How far another process's clock may be ahead for a rate to wait for it: with a longer lead, a limit would hold
for as long as that clock is wrong."""


def to_ms(us: int) -> int:
    """Whole milliseconds for microseconds, rounded up: waiting for so long is enough."""
    return -(-us // 1_000)


@record(frozen=True, slots=True)
class Charge:
    """What one message does to the `tat` of an item, and on what condition: `tat` becomes `value`, or grows
    by `step`.

    `given` are the values of the condition. An update has no maximum, so there are three forms of it.
    """

    condition: str
    given: Mapping[str, int]
    value: int | None = None
    step: int | None = None


@record(frozen=True, slots=True)
class Rate:
    """`per_second` on average, `burst` at once; `per_second` above 0, `burst` 1 or more."""

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

    def reach(self, now: int) -> int:
        """The furthest that these limits let `tat` get. What lies beyond was left by slower ones that hold no
        more."""
        return now + self.tolerance + self.step

    def wait(self, tat: int, now: int, count: int = 1) -> int:
        """Microseconds until the next message, or `count` at once, are let through; 0 when they are let through now.
        More than `burst` never are."""
        if tat > self.reach(now):
            tat = now
        return max(0, max(tat, now) + self.step * (count - 1) - self.tolerance - now)

    def seen(self, tat: int, charged_at: int, now: int) -> tuple[int, int]:
        """The state, and the instant by which to judge and charge it, of one that was last charged at `charged_at` by
        the clock of the process that did.

        A clock that is a little ahead is waited for: of two processes with different clocks each would else give back
        what the other has charged. One that is further ahead says nothing of the time that passes here: what was used
        of the burst is used up now, and at the most all but one message.
        """
        lead = charged_at - now
        if lead > LEAD_US:
            return now + min(tat - charged_at, self.tolerance), now
        return tat, max(now, charged_at)

    def taken(self, tat: int, now: int, count: int = 1) -> int:
        """`tat` after `count` more messages: idle counts from now, a burst adds to what stands, and what slower
        limits have left becomes a burst that is used up."""
        return min(max(tat, now) + self.step * count, self.reach(now))

    def charge(self, tat: int, now: int) -> Charge:
        """The same as an update of an item that was read with this `tat`."""
        if tat <= now:
            return Charge("(attribute_not_exists(tat) OR tat <= :now)", {":now": now}, value=now + self.step)
        if tat > self.reach(now):
            return Charge("tat > :reach", {":reach": self.reach(now)}, value=self.reach(now))
        latest = now + self.tolerance
        return Charge("tat > :now AND tat <= :latest", {":now": now, ":latest": latest}, step=self.step)
