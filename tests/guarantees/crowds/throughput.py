"""How much a room can take: senders in processes of their own, as fast as
they can and at a pace. Prints a table.

    python -m tests.guarantees.crowds.throughput [endpoint]

Each level is checked (crowd.py): numbers without a gap, nothing lost, nothing twice, every reader saw all.
Write units are counted as eight for each attempt, since DynamoDB charges refused ones, too.
"""

import sys

from tests.guarantees.crowds.crowd import Level, run
from tests.guarantees.support.engine import engine

LEVELS = [
    Level(1, 800, kills=1),
    Level(8, 200, kills=4),
    Level(32, 50, kills=12),
    Level(8, 50, per_second=2.5, again=0.0),
    Level(8, 75, per_second=6.25, again=0.0),
]
COLUMNS = (
    "senders", "asked/s", "stored", "killed", "sends/s", "attempts", "WCU", "in time", "unavailable",
    "p50 ms", "p99 ms", "passes",
)  # fmt: skip


def row(level: Level) -> list[str]:
    asked = f"{level.sender_count * level.per_second:.0f}" if level.per_second else "most"
    return [
        str(level.sender_count),
        asked,
        str(level.committed),
        str(level.restarts),
        f"{level.committed / level.seconds:.0f}",
        f"{level.attempts:.2f}",
        f"{8 * level.attempts:.1f}",
        f"{level.in_time:.2%}",
        f"{level.unavailable:.2%}",
        f"{level.wait_ms(0.5):.0f}",
        f"{level.wait_ms(0.99):.0f}",
        str(level.passes),
    ]


def main(endpoint: str | None) -> None:
    with engine(endpoint) as address:
        print(" ".join(f"{name:>11}" for name in COLUMNS))
        for level in LEVELS:
            run(level, address)
            print(" ".join(f"{value:>11}" for value in row(level)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
