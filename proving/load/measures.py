"""What a run measures: latencies by kind, as a whole and by the second in which each was meant to begin."""

from collections import Counter
from dataclasses import dataclass, field

from proving.load.histogram import Histogram

KINDS = {
    "send": "from the instant that a send was meant for until it is acknowledged",
    "live": "from that instant until a listener is told by the subscription",
    "repaired": "from that instant until a listener who was not told has read it",
    "read": "from the instant that a page was meant for until it is there",
    "join": "from the instant that somebody was to come until they have subscribed and read a page",
    "storm": "from the instant at which everybody lost their connection until one of them is subscribed and has read what came meanwhile",
    "behind": "how late this program itself began what was to be done: its machine's share",
}


@dataclass(slots=True)
class Measures:
    """Latencies in seconds. `unanswered`: what got no answer within patience, by kind: counted in the histograms with the
    time that was waited. `refused`: by kind and error type, and in no histogram. `cut`: connections that ended by
    themselves; `faults`: frames that the protocol does not have."""

    whole: dict[str, Histogram] = field(default_factory=lambda: {kind: Histogram() for kind in KINDS})
    seconds: dict[str, dict[int, Histogram]] = field(default_factory=lambda: {kind: {} for kind in KINDS})
    unanswered: Counter[str] = field(default_factory=Counter)
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)
    begun: Counter[str] = field(default_factory=Counter)
    cut: int = 0
    faults: int = 0

    def record(self, kind: str, intended: float, now: float) -> None:
        """Both since the beginning of the run."""
        self.whole[kind].record(now - intended)
        self.seconds[kind].setdefault(int(intended), Histogram()).record(now - intended)

    def recent(self, kind: str, second: int, length: int = 5) -> Histogram:
        """Of what was meant for the last seconds before one."""
        found = Histogram()
        for each in range(second - length, second):
            if each in self.seconds[kind]:
                found.merge(self.seconds[kind][each])
        return found

    def series(self, kind: str, percent: float) -> list[tuple[int, float]]:
        """A percentile of each second that has any, in milliseconds."""
        return [
            (second, (found.percentile(percent) or 0) / 1_000)
            for second, found in sorted(self.seconds[kind].items())
        ]
