"""The tables of `docs/costs.md`, which `tests/guarantees/costs/` holds to what the code does."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parent.parent / "docs" / "costs.md"
ROW = re.compile(r"\| `(\w+)`(, [^|]+)? \| (\d+) \| ([\d+ ]+) \| ([\d.]+) \| ([\d.]+) \| (\d*) \| (.*) \|")
CONFIRMED = re.compile(r"\| `(heartbeats?)`, ([^|]+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|.*")
CONFIRMATIONS = 12.0
"""Of how many millions the table of confirmations speaks."""


@dataclass(frozen=True, slots=True)
class Cost:
    """One row: requests to DynamoDB by waves, units, requests to S3, and the subscription that the answer is published to."""

    round_trips: int
    waves: tuple[int, ...]
    read: float
    written: float
    objects: int
    published: str


@dataclass(frozen=True, slots=True)
class Units:
    """Requests to DynamoDB, read and write units."""

    requests: float
    read: float
    written: float


def documented_costs() -> dict[str, Cost]:
    """By the operation and its situation: `sendMessage, of 4 KB`."""
    found: dict[str, Cost] = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if row := ROW.fullmatch(line):
            field, situation, trips, waves, read, written, objects, published = row.groups()
            numbers = tuple(int(each) for each in waves.split(" + "))
            found[field + (situation or "")] = Cost(
                int(trips), numbers, float(read), float(written), int(objects or 0), published
            )
    return found


def confirmations() -> dict[str, Units]:
    """What one person's confirmation takes, by the row's name: `heartbeat, one by one`."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    rows = [row for line in lines if (row := CONFIRMED.fullmatch(line))]
    return {
        f"{row[1]}, {row[2]}": Units(*(float(each) / CONFIRMATIONS for each in row.group(4, 5, 6)))
        for row in rows
    }


def units() -> Mapping[str, Units]:
    """What one call takes, by the operation and its situation."""
    return {
        name: Units(sum(cost.waves), cost.read, cost.written) for name, cost in documented_costs().items()
    } | confirmations()
