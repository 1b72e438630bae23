"""What a run of load does, and when: everything is fixed before it begins, by a seed."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["send", "repeat", "read", "join", "storm"]
CEILINGS = {
    "people": 2_000,
    "rooms": 100,
    "rate": 500,
    "seconds": 3_600,
    "reads": 500,
    "joins": 100,
    "storms": 20,
    "repeats": 0.5,
    "sends in all": 200_000,
    "deliveries in all": 20_000_000,
}
"""The most of each. `rate`, `reads` and `joins` are by the second, `repeats` is a share of the sends."""
REPEATED_AFTER_S = (0.2, 1.0)
"""How long after a send it is sent once more."""


TEXT_CHARACTERS = 100


def text_of(run: str, number: int) -> str:
    """What a send says, of a length that people write."""
    return f"load {run} {number} ".ljust(TEXT_CHARACTERS, "·")


def number_of(run: str, text: object) -> int:
    """The number of the send that a text came of; -1 where it came of none of this run."""
    words = text.split(maxsplit=3) if isinstance(text, str) else []
    if words[:2] != ["load", run] or len(words) < 3 or not (words[2].isascii() and words[2].isdigit()):
        return -1
    return int(words[2])


class BadLoad(Exception):
    """A run that is not made. The text is a sentence for whoever asked for it."""


@dataclass(frozen=True, slots=True)
class Load:
    """`people`: that listen, each on a connection of their own; `rate`, `reads`, `joins`: by the second, of all rooms
    together; `storms`: how often everybody reconnects at once; `repeats`: the share of sends that are sent once more
    under the same key, as a client does whose answer was lost."""

    people: int = 10
    rooms: int = 1
    rate: float = 5.0
    seconds: float = 30.0
    reads: float = 1.0
    joins: float = 0.5
    storms: int = 1
    repeats: float = 0.02
    seed: int = 0

    def check(self) -> None:
        """Raises `BadLoad`."""
        amounts = {name: getattr(self, name) for name in CEILINGS if hasattr(self, name)}
        for name, value in amounts.items():
            least = 1 if name in ("people", "rooms", "seconds") else 0
            if not least <= value <= CEILINGS[name]:
                raise BadLoad(f"--{name} is {least} to {CEILINGS[name]:,}, and not {value:g}.")
        if self.people < self.rooms:
            raise BadLoad(
                f"There are {self.rooms} rooms for {self.people} people: somebody has to listen in each."
            )
        if self.sends < 1:
            raise BadLoad("Nothing would be sent: --rate and --seconds are too small.")
        for name, count in (("sends in all", self.sends), ("deliveries in all", self.deliveries)):
            if count > CEILINGS[name]:
                raise BadLoad(
                    f"{count:,} {name} are more than {CEILINGS[name]:,}: ask for less people, rate or seconds, or for more rooms."
                )

    @property
    def sends(self) -> int:
        """Without repeats."""
        return round(self.rate * self.seconds)

    @property
    def repeated(self) -> int:
        return round(self.sends * self.repeats)

    @property
    def most_in_a_room(self) -> int:
        """Listeners."""
        return -(-self.people // self.rooms)

    @property
    def deliveries(self) -> int:
        """At the most: each send and each repeat goes to everybody in its room."""
        return (self.sends + self.repeated) * self.most_in_a_room

    def room_of(self, listener: int) -> int:
        return listener % self.rooms

    def person_of(self, listener: int, identities: int) -> int:
        """Whose token a listener has: with fewer tokens than listeners several are one person's devices."""
        return (listener // self.rooms) % identities

    def members(self, room: int, identities: int) -> set[int]:
        """The people who listen in a room, by their numbers."""
        return {self.person_of(each, identities) for each in range(room, self.people, self.rooms)}


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """What is to happen at an instant, in seconds since the beginning. `listener`: as whom; `number`: of the send."""

    at: float
    kind: Kind
    listener: int = 0
    number: int = 0


def schedule(load: Load, *, is_repeatable: bool = True) -> list[Moment]:
    """In the order of their instants. As many as asked for, at independent instants: the arrivals of a Poisson process of
    which the number is known. `is_repeatable`: whether a send can be named by a key."""
    chance = random.Random(load.seed)  # noqa: S311  repeatable on purpose
    moments = [*_sends(load, chance, is_repeatable=is_repeatable)]
    kinds: tuple[tuple[Kind, float], ...] = (("read", load.reads), ("join", load.joins))
    for kind, rate in kinds:
        instants = _instants(chance, round(rate * load.seconds), load.seconds)
        moments += [Moment(at, kind, chance.randrange(load.people)) for at in instants]
    moments += [Moment(load.seconds * (each + 1) / (load.storms + 1), "storm") for each in range(load.storms)]
    return sorted(moments)


def _sends(load: Load, chance: random.Random, *, is_repeatable: bool) -> Iterator[Moment]:
    sent = [
        Moment(at, "send", chance.randrange(load.people), number)
        for number, at in enumerate(_instants(chance, load.sends, load.seconds))
    ]
    yield from sent
    for each in chance.sample(sent, load.repeated) if is_repeatable else ():
        yield Moment(each.at + chance.uniform(*REPEATED_AFTER_S), "repeat", each.listener, each.number)


def _instants(chance: random.Random, count: int, seconds: float) -> list[float]:
    return sorted(chance.uniform(0, seconds) for _ in range(count))
