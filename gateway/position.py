"""Where somebody is in a room: what a client comes back with."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RoomPosition:
    """Up to where somebody knows a room: every message up to `seq` (of instant `ts`, as on the wire), each
    in a state at least as new as `rev`. On the wire it is the text `seq/ts/rev`, in the field `at`."""

    seq: int
    ts: str | None
    rev: int

    def __str__(self) -> str:
        return f"{self.seq}/{self.ts or ''}/{self.rev}"

    @classmethod
    def parse(cls, text: str) -> "RoomPosition":
        """Raises `ValueError`."""
        seq, ts, rev = text.split("/")
        position = cls(int(seq), ts or None, int(rev))
        if min(position.seq, position.rev) < 0:
            raise ValueError("a position is not negative")
        return position
