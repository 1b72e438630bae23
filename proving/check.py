"""What a check is: one promise, its source, and what it makes while it asks."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from proving.world import World

AWS = "https://docs.aws.amazon.com/appsync/latest/devguide/"


class Failed(Exception):
    """The promise is not kept. The text says what was seen."""


class Skipped(Exception):
    """It cannot be asked here. The text says why."""


@dataclass(frozen=True, slots=True)
class Cost:
    """The most that a check makes."""

    rooms: int = 0
    messages: int = 0
    connections: int = 0

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(
            self.rooms + other.rooms, self.messages + other.messages, self.connections + other.connections
        )


Body = Callable[["World"], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Check:
    """`id`: dotted, from `appsync.` (what AppSync promises) or `chat.` (what a chat does). `title`: the promise.
    `source`: where it is made. `needs`: the operations that a mapping must have. `cost`: the most that it makes beyond
    the shared room. `smoke`: whether a deployment is asked it first, by one person in a room that is there."""

    id: str
    title: str
    source: str
    needs: tuple[str, ...]
    cost: Cost
    body: Body
    smoke: bool = False


CHECKS: dict[str, Check] = {}
"""All of them, in the order in which they run."""


def check(
    id_: str,
    title: str,
    source: str,
    *,
    needs: str = "",
    rooms: int = 0,
    messages: int = 0,
    connections: int = 0,
    smoke: bool = False,
) -> Callable[[Body], Body]:
    """Adds a check to `CHECKS`."""

    def added(body: Body) -> Body:
        if id_ in CHECKS:
            raise ValueError(f"{id_} is there twice")
        if smoke and (rooms or needs not in ("", "subscribe")):
            raise ValueError(f"{id_} takes more than one person in a room that is there")
        cost = Cost(rooms, messages, connections)
        CHECKS[id_] = Check(id_, title, source, tuple(needs.split()), cost, body, smoke)
        return body

    return added


def require(condition: object, seen: str) -> None:
    """Raises `Failed`."""
    if not condition:
        raise Failed(seen)
