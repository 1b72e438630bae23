"""Where somebody is in a room: what a client comes back with."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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


@dataclass(frozen=True, slots=True)
class Sight:
    """Which part of a room a person may see, as the chat said in `epoch`: messages above number `hidden`. `joined_seq` is the
    number at which they joined, `history_rev` the revision at which the room's rule about it was changed last."""

    epoch: int = 0
    hidden: int = 0
    joined_seq: int = 0
    history_rev: int = 0

    @classmethod
    def of(cls, room: Mapping[str, Any]) -> "Sight":
        """The schema's `Room`, as it was answered to a member."""
        joined_seq = room["me"].get("joinedSeq") or 0
        hidden = joined_seq if room.get("historyFrom") == "JOINING" else 0
        return cls(room["head"]["epoch"], hidden, joined_seq, room.get("historyRev") or 0)

    def is_outdated(self, since: RoomPosition | int) -> bool:
        """Whether somebody who comes back from there has to start afresh, as `changes` would say: they hold another part of the
        room than they may see now. Who names no more than a number is taken to know of the room's rule."""
        if not self.joined_seq:
            return False
        if isinstance(since, RoomPosition) and since.rev < self.history_rev:
            return True
        # Who is where they joined may hold what they saw before that: nothing that they see now is lost by it.
        return 0 < self.hidden >= (since if isinstance(since, int) else since.seq)


def parse_since(text: str) -> RoomPosition | int:
    """`since` as it stands in an address: a position or a bare number. Raises `ValueError`."""
    return _number(text) if _NUMBER.fullmatch(text) else RoomPosition.parse(text)


def _number(text: str) -> int:
    number = int(text)
    if number >= MAX_NUMBER:
        raise ValueError("larger than any seq or rev")
    return number
