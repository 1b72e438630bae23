"""`python -m cost ROOM=1000 MESSAGES=1e6 PEOPLE=1000 VIA=gateway`: what a month costs, by lines and in all."""

import sys

from cost.bill import bill, shares
from cost.prices import DATED, REGION
from cost.table import units
from cost.usage import tasks
from cost.workload import BadWorkload, read


def main() -> int:
    try:
        work = read(sys.argv[1:])
    except BadWorkload as bad:
        print(bad, file=sys.stderr)
        return 2
    table = units()
    lines = bill(work, table)
    behind = f"behind {tasks(work)} tasks of the gateway" if tasks(work) else "at AppSync alone"
    print(
        f"{work.people:,} people in rooms of {work.room:,}, {work.hours:g} hours a day, {work.messages:,.0f} messages a month, {behind}."
    )
    print(f"Dollars a month in {REGION}, by AWS's prices of {DATED}:\n")
    for name, cost in [*lines.items(), ("in all", sum(lines.values()))]:
        print(f"{name:<32}{cost:>16,.2f}")
    print("\nof which, each by itself:")
    for name, cost in shares(work, table).items():
        print(f"{name:<32}{cost:>16,.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
