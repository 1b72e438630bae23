"""Where somebody is in a room: what a client comes back with."""

import re
from dataclasses import dataclass

from chat.rules.instants import from_wire

MAX_NUMBER = 2**31
"""GraphQL's `Int` ends below it."""

_TEXT = re.compile(r"([0-9]{1,10})/([^/]*)/([0-9]{1,10})")
_NUMBER = re.compile(r"[0-9]{1,10}")


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
        """Raises `ValueError` for whatever no frame can have had: the chat would refuse it as a fault of the
        gateway's, and the client would come back with it for ever."""
        found = _TEXT.fullmatch(text)
        if found is None:
            raise ValueError("no position")
        ts = found[2] or None
        if ts is not None and from_wire(ts)[0] < 0:
            raise ValueError("no instant of a message")
        return cls(_number(found[1]), ts, _number(found[3]))


def parse_since(text: str) -> RoomPosition | int:
    """`since` as it stands in an address: a position or a bare number. Raises `ValueError`."""
    return _number(text) if _NUMBER.fullmatch(text) else RoomPosition.parse(text)


def _number(text: str) -> int:
    number = int(text)
    if number >= MAX_NUMBER:
        raise ValueError("larger than any seq or rev")
    return number
