"""By how much a process's clock is wrong, in milliseconds."""

from tests.guarantees.support.fixtures import DAY_MS

SECOND_MS, MINUTE_MS, HOUR_MS, YEAR_MS = 1_000, 60_000, 3_600_000, 365 * DAY_MS
SIZES = {
    "a second": SECOND_MS,
    "a minute": MINUTE_MS,
    "an hour": HOUR_MS,
    "a day": DAY_MS,
    "two years": 2 * YEAR_MS,
}
AHEAD = {f"{name} ahead": size for name, size in SIZES.items()}
BEHIND = {f"{name} behind": -size for name, size in SIZES.items()}
SKEWS = AHEAD | BEHIND
