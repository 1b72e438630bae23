"""What a replay comes to: of each kind of entry, how many things were taken back again, stand already, or are not there."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

Outcome = Literal["done", "due", "stands", "absent"]
"""`due`: a dry run would have done it. `absent`: it came after the instant, or has expired."""


@dataclass
class Outcomes:
    """`of` counts by kind and outcome. `ownerless`: rooms that are left without an owner, by their ids."""

    of: Counter[tuple[str, Outcome]] = field(default_factory=Counter)
    ownerless: list[str] = field(default_factory=list)

    def count(self, kind: str, outcome: Outcome) -> None:
        self.of[kind, outcome] += 1

    def total(self, outcome: Outcome) -> int:
        return sum(number for (_, each), number in self.of.items() if each == outcome)

    def lines(self) -> list[str]:
        """For people, without ids."""
        kinds = sorted({kind for kind, _ in self.of})
        columns: tuple[Outcome, ...] = ("done", "due", "stands", "absent")
        table = [
            f"{kind:<17}" + "".join(f"{self.of[kind, each]:>9,} {each}" for each in columns) for kind in kinds
        ]
        left = [f"{len(self.ownerless):,} rooms are left without an owner"] if self.ownerless else []
        return [*table, *left]
