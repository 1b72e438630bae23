"""Which of a room's messages were removed, as its head keeps them: exactly for the last 512 numbers up to the
highest that was removed.

`{below}.{highest}.{bits}`: bit i (hexadecimal) stands for the number `highest` - i. `below` is the highest
removed number that is older than that, 0 where there is none. So a head grows by some 150 bytes at the most.
"""

from typing import Self

from chat.rules.record import record

WINDOW = 512
"""How many numbers are kept."""


@record(frozen=True, slots=True)
class Removals:
    """The removed messages of a room, by their numbers."""

    below: int = 0
    highest: int = 0
    bits: int = 0

    @classmethod
    def parse(cls, text: str | None) -> Self:
        """What a head says; `None` where no message has been removed since heads say it."""
        if text is None:
            return cls()
        below, highest, bits = text.split(".")
        return cls(int(below), int(highest), int(bits, 16))

    def __str__(self) -> str:
        return f"{self.below}.{self.highest}.{self.bits:x}"

    def added(self, seq: int) -> "Removals":
        """These and number `seq`."""
        if seq <= self.oldest - 1:
            return Removals(max(self.below, seq), self.highest, self.bits)
        if seq <= self.highest:
            return Removals(self.below, self.highest, self.bits | 1 << self.highest - seq)
        if seq - self.highest >= WINDOW:  # nothing that was kept is within the window of `seq`
            return Removals(self.highest, seq, 1)
        bits = self.bits << seq - self.highest
        lost = bits >> WINDOW
        below = seq - WINDOW - (lost & -lost).bit_length() + 1 if lost else self.below
        return Removals(below, seq, bits & (1 << WINDOW) - 1 | 1)

    def added_run(self, first: int, last: int) -> "Removals":
        """These and every number from `first` to `last`: of a long run only the last of it matter."""
        removals = self
        for seq in range(max(first, last - WINDOW), last + 1):
            removals = removals.added(seq)
        return removals

    @property
    def oldest(self) -> int:
        """The lowest number of which it is known whether it was removed."""
        return max(1, self.highest - WINDOW + 1)

    def above(self, seq: int) -> int:
        """How many numbers above `seq` were removed, of those from `oldest` on."""
        return (self.bits & (1 << max(0, self.highest - seq)) - 1).bit_count()
