"""What a process remembers of the last moments.

It only ever saves requests: every send is judged again by its transaction's conditions, so nothing here has
to be right.
"""

from collections import OrderedDict
from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from typing import Generic, TypeVar

from chat.rules.models import Head, Member

FRESH_S = 2.0
"""How long a head, a membership or a refusal for rate is worth believing, in seconds."""

LONGEST_TURN_S = 0.5

MemberKey = tuple[str, str]
"""A room's partition key and a user's id."""

Value = TypeVar("Value")


class Recent(Generic[Value]):
    """The newest `size` values by key, each with the monotonic instant (seconds) of its writing. Safe for
    threads."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._entries: OrderedDict[Hashable, tuple[Value, float]] = OrderedDict()
        self._lock = Lock()

    def put(self, key: Hashable, value: Value, at: float) -> None:
        with self._lock:
            self._entries[key] = (value, at)
            self._entries.move_to_end(key)
            if len(self._entries) > self._size:
                self._entries.popitem(last=False)

    def get(self, key: Hashable, since: float = float("-inf")) -> Value | None:
        """The value under `key` if it was written at `since` or later."""
        with self._lock:
            value, at = self._entries.get(key, (None, float("-inf")))
            return value if at >= since else None

    def forget(self, key: Hashable) -> None:
        with self._lock:
            self._entries.pop(key, None)


class Memory:
    """Heads, rooms that others write in, memberships, refusals and clientMessageIds that this process has
    seen; which rooms were small, who was typing, from which instant (ms) on a room has a number, and with what names those
    of a room's people are compared."""

    def __init__(self) -> None:
        self.heads: Recent[Head] = Recent(1_000)
        self.shared: Recent[bool] = Recent(1_000)
        self.members: Recent[Member] = Recent(10_000)
        self.refusals: Recent[bool] = Recent(10_000)
        self.repeats: Recent[int] = Recent(10_000)
        self.sends: Recent[bool] = Recent(10_000)
        self.floors: Recent[int] = Recent(1_000)
        self.small: Recent[bool] = Recent(1_000)
        self.typists: Recent[bool] = Recent(10_000)
        self.labels: Recent[Mapping[str, str]] = Recent(200)
        # Rooms share these locks: that costs a wait, and bounds their number.
        self._turns = tuple(Lock() for _ in range(64))

    @contextmanager
    def turn(self, partition_key: str) -> Iterator[None]:
        """One after the other, for the threads that write to a room: at once they would only refuse each
        other.

        Nobody waits longer than `LONGEST_TURN_S`, so that one stuck request does not hold up all others.
        """
        turn = self._turns[hash(partition_key) % len(self._turns)]
        is_mine = turn.acquire(timeout=LONGEST_TURN_S)
        try:
            yield
        finally:
            if is_mine:
                turn.release()

    def see_head(self, partition_key: str, head: Head, at: float) -> None:
        """Remember a head that was read, unless a later one was seen just now: answers overtake each
        other."""
        known = self.heads.get(partition_key)
        if known and known.rev > head.rev and self.heads.get(partition_key, at - FRESH_S):
            return
        if known and known.rev < head.rev:
            self.shared.put(partition_key, True, at)
        elif known:
            self.shared.forget(partition_key)
        self.heads.put(partition_key, head, at)

    def move_head(self, partition_key: str, head: Head, at: float) -> None:
        """Remember the head that a write of this process has left behind, unless a later one is known."""
        known = self.heads.get(partition_key)
        if known is None or known.rev < head.rev:
            self.heads.put(partition_key, head, at)

    def likely_head(self, partition_key: str, since: float) -> Head | None:
        """The head as it was at `since` or later, unless others were found to write in this room, too: to
        look costs a quarter of the units that a transaction on a stale head does."""
        return None if self.shared.get(partition_key, since) else self.heads.get(partition_key, since)
