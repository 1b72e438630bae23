"""A room's delivery ledger: for each hour how many deliveries were due, how many were confirmed, and how long
it took.

It is for measuring. A write of it that fails is not repeated where it may have been done, so that nothing
counts twice; what is lost is lost for the due and the confirmed alike.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import field

from chat.deployment import Deployment
from chat.rules.models import DAY_MS, Item
from chat.rules.record import record
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.storage import keys
from chat.storage.aws import TransientFailure
from chat.storage.places import Place
from chat.storage.tables import Write

HOUR_MS = 3_600_000
KEPT_MS = 35 * DAY_MS
BOUNDS = (
    50, 100, 200, 300, 500, 750, 1_000, 1_500, 2_000, 3_000, 5_000, 7_500, 10_000, 15_000, 20_000, 30_000, 45_000, 60_000,
    90_000, 150_000,
)  # fmt: skip
"""Up to how many milliseconds the buckets of the histogram reach. Each is named by its bound, so that they
may change."""

LONGEST_MS = BOUNDS[-1]
"""Two heartbeats at the most: what takes longer was due and not confirmed."""


@record(frozen=True, slots=True)
class DeliveryCount:
    """What one report of a client adds: deliveries due, those of them that are confirmed, and how long the
    newest took (ms)."""

    due: int = 0
    delivered: int = 0
    confirm_ms: int | None = None


@record(frozen=True, slots=True)
class Deliveries:
    """How many were due, how many of these were confirmed, and how many confirmations came within which bound
    (ms)."""

    due: int = 0
    delivered: int = 0
    within: Mapping[int, int] = field(default_factory=dict)

    @property
    def percent(self) -> float | None:
        return round(100 * self.delivered / self.due, 4) if self.due else None

    def percentile(self, percent: int) -> int | None:
        """The bound of the bucket that holds the nearest-rank percentile; `None` when nothing was
        measured."""
        rank = -(-percent * sum(self.within.values()) // 100)
        passed = 0
        for bound, count in sorted(self.within.items()):
            passed += count
            if passed >= rank:
                return bound
        return None


def bucket(confirm_ms: int) -> int:
    """The bound of the bucket for a confirmation after so many milliseconds, at most `LONGEST_MS`."""
    return next(bound for bound in BOUNDS if confirm_ms <= bound)


def total_of(items: Iterable[Item]) -> Deliveries:
    """What these hours of a ledger come to."""
    total: Counter[str] = Counter()
    for item in items:
        total.update({name: int(value["N"]) for name, value in item.items() if "N" in value})
    within = {
        int(name[1:]): count for name, count in total.items() if name[0] == "h" and name[1:].isdecimal()
    }
    return Deliveries(total["due"], total["delivered"], within)


def add_to_ledger(deployment: Deployment, room: Room, counted: Iterable[DeliveryCount], now: int) -> bool:
    """Add what reports of clients come to together to the hour of `now`; answers whether it surely arrived. Nothing
    to count is not written."""
    total: Counter[str] = Counter()
    for each in counted:
        total.update(due=each.due, delivered=each.delivered)
        if each.confirm_ms is not None:
            total[f"h{bucket(each.confirm_ms)}"] += 1
    counts = {name: count for name, count in total.items() if count}
    if not counts:
        return True
    number = now // HOUR_MS
    expires_at = (number * HOUR_MS + KEPT_MS) // 1_000
    place = Place(room.table, keys.ledger(room.partition_key), keys.hour(number))
    try:
        deployment.store.tables.update(
            Write(place, set={"type": "Deliveries", "expiresAt": expires_at}, add=counts)
        )
    except TransientFailure:
        return False
    return True


def count_metrics(tally: Tally, counted: Iterable[DeliveryCount], *, entered: bool) -> None:
    """The same for metrics: what one room's ledger was given. `ConfirmMs` is the slowest confirmation that a call
    brought."""
    for each in counted:
        if each.due:
            tally.add("DeliveriesDue", each.due)
            tally.add("DeliveriesConfirmed", each.delivered)
        if each.confirm_ms is not None:
            tally["ConfirmMs"] = max(tally.get("ConfirmMs", 0), each.confirm_ms)
    if not entered:
        tally.add("LedgerLost")
