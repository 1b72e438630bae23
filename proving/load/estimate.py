"""What AppSync would bill for a run, counted before it: operations, real-time updates and connection minutes.

https://aws.amazon.com/appsync/pricing/. What stands behind AppSync (functions, tables) is not in it. Messages that are
missed live and read afterwards come on top.
"""

from collections.abc import Collection
from dataclasses import dataclass

from cost import prices
from proving.load.plan import Load

PAGE = 50
"""Messages of a page."""
AROUND_S = 60.0
"""How long a connection is open beside the run itself, at the most: while the others come and what is missing is read."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """`operations`: queries and mutations; `updates`: deliveries, and a connect and a subscribe of each connection;
    `minutes`: of connections."""

    operations: int
    updates: int
    minutes: float

    @property
    def dollars(self) -> float:
        return (
            self.operations * prices.OPERATION
            + self.updates * prices.UPDATE
            + self.minutes * prices.CONNECTION_MINUTE
        )

    def __str__(self) -> str:
        return (
            f"{self.operations:,} operations, {self.updates:,} updates and {self.minutes:,.0f} connection minutes: "
            f"${self.dollars:,.4f} of AppSync in {prices.REGION}, by AWS's prices of {prices.DATED}, "
            "and what stands behind it on top"
        )


def estimate(load: Load, identities: int, mapped: Collection[str]) -> Estimate:
    """`identities`: how many tokens there are; `mapped`: the operations that the mapping has."""
    position = int("position" in mapped)
    joins = round(load.joins * load.seconds)
    listens = load.people * (1 + load.storms)
    operations = (
        identities + _making(load, identities, mapped) + listens * position
    )  # each is asked once before
    operations += load.people * load.storms  # what was said meanwhile
    operations += load.sends + load.repeated + round(load.reads * load.seconds) + joins * (1 + position)
    operations += load.rooms + -(-(load.sends + load.repeated) // PAGE)  # the whole, read at the end
    updates = load.deliveries + 2 * (listens + joins) + 1
    minutes = load.people * (load.seconds + AROUND_S) / 60 + load.people * load.storms + joins
    return Estimate(operations, updates, minutes)


def _making(load: Load, identities: int, mapped: Collection[str]) -> int:
    """Operations that make the rooms, take people in, and end the rooms."""
    once = {"set_limits", "end_room", "position"} & set(mapped)
    joining = 3 if "join" in mapped else 1
    taken_in = sum(
        max(1, len(load.members(room, identities) | {room % identities}) - 1) for room in range(load.rooms)
    )
    return load.rooms * (2 + len(once)) + (taken_in * joining if "add_member" in mapped else 0)
