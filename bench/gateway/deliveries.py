"""What all clients of a run received, and how it is counted."""

from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass
class Inbox:
    """One client's numbers: the highest that came, and which below it have not come."""

    last: int = 0
    missing: set[int] = field(default_factory=set)


@dataclass
class Deliveries:
    """`received`: each number once for each client. `replayed`: those of them that came while the client
    was coming back. `duplicates`: what a client had already. `out_of_order`: what came after a later one.
    `latencies` (ns): from the instant at which a message was meant to be sent to its reading."""

    received: int = 0
    replayed: int = 0
    duplicates: int = 0
    out_of_order: int = 0
    resets: int = 0
    losses: int = 0
    """Connections that ended without our doing."""
    closes: Counter[int] = field(default_factory=Counter)
    """Close frames, by code."""
    latencies: "array[int]" = field(default_factory=lambda: array("q"))

    def messages(
        self, inbox: Inbox, messages: Iterable[tuple[int, int]], now: int, *, is_replay: bool
    ) -> None:
        """One client read these (number, intended instant), in this order, at `now`."""
        for seq, sent in messages:
            if seq == inbox.last + 1:
                inbox.last = seq
            elif not self._is_new(inbox, seq):
                continue
            self.received += 1
            self.replayed += is_replay
            self.latencies.append(now - sent)

    def _is_new(self, inbox: Inbox, seq: int) -> bool:
        if seq > inbox.last:
            inbox.missing.update(range(inbox.last + 1, seq))
            inbox.last = seq
            return True
        if seq in inbox.missing:
            inbox.missing.discard(seq)
            self.out_of_order += 1
            return True
        self.duplicates += 1
        return False

    def ms(self, share: float) -> float:
        """A quantile of the latencies, in milliseconds."""
        return quantile_ms(self.latencies, share)


def quantile_ms(latencies: "array[int]", share: float) -> float:
    """NaN when there are none."""
    ordered = sorted(latencies)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] / 1e6 if ordered else float("nan")
