"""What is asked: how many people, rooms and messages, and by which way."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Literal, get_args

Via = Literal["appsync", "gateway"]
DAYS = 30
"""Of a month."""


class BadWorkload(Exception):
    """What was asked makes no sense; its text says what would."""


@dataclass(frozen=True, slots=True)
class Workload:
    """A month. Everybody is in one room and all are there at the same hours: no workload of as many people is dearer."""

    room: int
    """People in each room."""
    messages: float
    """Sent in a month, in all rooms together."""
    people: int = 0
    """Who use it; as many as are in one room unless it is said."""
    via: Via = "appsync"
    hours: float = 8.0
    """How long each of them is connected on each day."""
    visits: float = 3.0
    """How often each of them opens the room in a day."""
    reconnects: float = 4.0
    """How often each connection is lost and comes back in a day."""
    reads: float = 10.0
    """How often each of them calls `markRead` in a day, beside the confirmations of heartbeats."""
    epochs: float = 1.0
    """How often somebody goes from each room in a day, whereupon the others subscribe anew."""
    kept: float = 365.0
    """Days for which a message is kept."""
    flags_seconds: float = 30.0
    """How often functions' extensions ask for flags; 0: there are none."""

    @property
    def rooms(self) -> float:
        return self.people / self.room

    @property
    def rate(self) -> float:
        """Messages of one room in a second, while people are there."""
        return self.messages / self.rooms / (DAYS * self.hours * 3_600)


BOUNDS: dict[str, tuple[float, float]] = {
    "room": (1, 10_000_000),
    "messages": (0, 1e12),
    "people": (1, 1_000_000_000),
    "hours": (0.1, 24),
    "visits": (0, 1_000),
    "reconnects": (0, 10_000),
    "reads": (0, 100_000),
    "epochs": (0, 10_000),
    "kept": (7, 36_500),
    "flags_seconds": (0, 300),
}
WHOLE = {"room", "people"}


def read(arguments: Sequence[str]) -> Workload:
    """From `ROOM=1000 MESSAGES=1e6`, in any order. Raises `BadWorkload`."""
    given: dict[str, str] = {}
    for each in arguments:
        name, equals, value = each.partition("=")
        if not equals or name.lower() not in {field.name for field in fields(Workload)}:
            raise BadWorkload(f"{each}: give {', '.join(f'{name.upper()}=' for name in (*BOUNDS, 'via'))}")
        if name.lower() in given:
            raise BadWorkload(f"{name.upper()} is given twice")
        given[name.lower()] = value
    for name in ("room", "messages"):
        if not given.get(name):
            raise BadWorkload(f"{name.upper()}= is missing, such as ROOM=1000 MESSAGES=1e6")
    return checked(given)


def checked(given: dict[str, str]) -> Workload:
    """Raises `BadWorkload`."""
    via = given.get("via", "appsync")
    if via not in get_args(Via):
        raise BadWorkload(f"VIA={via}: appsync or gateway")
    numbers = {name: _number(name, value) for name, value in given.items() if name != "via"}
    people = int(numbers.setdefault("people", numbers["room"]))
    if people < numbers["room"]:
        raise BadWorkload(f"PEOPLE={people}: not fewer than the {int(numbers['room'])} of one ROOM")
    usual = Workload(int(numbers["room"]), numbers["messages"])
    return Workload(
        room=usual.room,
        messages=usual.messages,
        people=people,
        via="gateway" if via == "gateway" else "appsync",
        hours=numbers.get("hours", usual.hours),
        visits=numbers.get("visits", usual.visits),
        reconnects=numbers.get("reconnects", usual.reconnects),
        reads=numbers.get("reads", usual.reads),
        epochs=numbers.get("epochs", usual.epochs),
        kept=numbers.get("kept", usual.kept),
        flags_seconds=numbers.get("flags_seconds", usual.flags_seconds),
    )


def _number(name: str, value: str) -> float:
    least, most = BOUNDS[name]
    try:
        number = float(value)
    except ValueError:
        raise BadWorkload(f"{name.upper()}={value}: not a number") from None
    if not least <= number <= most:  # also what is no number at all
        raise BadWorkload(f"{name.upper()}={value}: from {least:g} to {most:g}")
    if name in WHOLE and number != int(number):
        raise BadWorkload(f"{name.upper()}={value}: a whole number")
    return number
