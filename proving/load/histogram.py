"""Latencies in buckets whose width grows with the value, in the manner of HdrHistogram
(https://github.com/HdrHistogram/HdrHistogram): each is told within 1/128 of itself, whatever it is.
"""

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

BITS = 7
WIDTH = 1 << BITS
"""Buckets of each power of two."""
PERCENTILES = {"p50": 50.0, "p90": 90.0, "p99": 99.0, "p99.9": 99.9}


def index_of(value: int) -> int:
    """The bucket of a value: itself below 2 × `WIDTH`, then `WIDTH` buckets for each doubling."""
    shift = max(0, value.bit_length() - BITS - 1)
    return (shift << BITS) + (value >> shift)


def bounds(index: int) -> tuple[int, int]:
    """The lowest and the highest value of a bucket."""
    shift = max(0, (index >> BITS) - 1)
    low = (index - (shift << BITS)) << shift
    return low, low + (1 << shift) - 1


@dataclass(slots=True)
class Histogram:
    """Of whole microseconds. `least`, `most`: the exact ends; None where there is none."""

    counts: Counter[int] = field(default_factory=Counter)
    count: int = 0
    least: int | None = None
    most: int | None = None

    def record(self, seconds: float) -> None:
        """What is negative counts as none: two clocks' readings may differ by their resolution."""
        value = max(0, round(seconds * 1_000_000))
        self.counts[index_of(value)] += 1
        self.count += 1
        self.least = value if self.least is None else min(self.least, value)
        self.most = value if self.most is None else max(self.most, value)

    def merge(self, other: "Histogram") -> None:
        self.counts.update(other.counts)
        self.count += other.count
        ends = [each for each in (self.least, self.most, other.least, other.most) if each is not None]
        self.least, self.most = (min(ends), max(ends)) if ends else (None, None)

    def percentile(self, percent: float) -> int | None:
        """The value that so many percent do not exceed, in microseconds: the upper end of its bucket, and never more
        than the largest."""
        if self.most is None:
            return None
        wanted = max(1, math.ceil(self.count * percent / 100))
        seen = 0
        for index, count in sorted(self.counts.items()):
            seen += count
            if seen >= wanted:
                return min(bounds(index)[1], self.most)
        return self.most

    def summary_ms(self) -> dict[str, float | None]:
        """`p50`, `p90`, `p99`, `p99.9` and `max`, in milliseconds."""
        values = {name: self.percentile(percent) for name, percent in PERCENTILES.items()} | {
            "max": self.most
        }
        return {name: None if value is None else value / 1_000 for name, value in values.items()}

    def buckets(self) -> Iterator[tuple[int, int, int]]:
        """Those that hold something: the lowest and the highest value in microseconds, and how many."""
        for index, count in sorted(self.counts.items()):
            yield *bounds(index), count
