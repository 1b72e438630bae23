"""What one call has to report about itself: counts and durations, for metrics."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Tally(dict[str, float]):
    """Numbers by metric name. Names ending in `Ms` are durations in milliseconds, all others are counts."""

    def add(self, name: str, number: float = 1) -> None:
        self[name] = self.get(name, 0) + number

    @contextmanager
    def timing(self, name: str) -> Iterator[None]:
        """Add the time spent inside, in milliseconds."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.add(name, (time.perf_counter() - start) * 1_000)
