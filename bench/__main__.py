"""`python -m bench`: measure, and print one table."""

import os
import platform
import statistics
import sys
import tempfile
from pathlib import Path

from bench import cold, instructions, stub, warm
from bench.setting import baseline, setting

GOALS = {
    "cold send_message": "0.90 (0.80)",
    "cold messages": "0.90 (0.80)",
    "cold on_message": "0.90 (0.75)",
    "cold authorizer": "0.55 (0.45)",
    "cold send_message, files with new times": "1.10",
    "warm messages (50)": "0.85 (0.65)",
    "warm sendMessage": "1.00 (0.90)",
}
"""The most that each may be, and what would be better still."""

EXPLANATION = """\
Ratios of CPU time, each the median of {pairs} interleaved pairs, with the quartiles beside it.
instr. the same ratio in instructions outside the kernel, if valgrind is here: other load does not change it
cold  a whole process until the handler is ready ÷ one that makes a DynamoDB client with bare botocore ({bare:.0f} ms);
      the client is made, no connection yet: there is no TLS here
warm  one call ÷ the same request by a stock botocore client (query {query:.2f} ms, transaction {transaction:.2f} ms);
      DynamoDB is a stub on loopback in another process, which is not counted; it answers after {latency:.0f} ms.
      A page is two requests at once, a Query, and a BatchGetItem for the room's head and the caller's membership.
      A send is one transaction, of a process that has just seen the head and the membership
usual way  Powertools' AppSyncResolver, boto3's resource, Get, Update and Put: bench/peer.py; no goal, for comparison
Python {python} on {machine}, {cores} cores; nothing of this ran in AWS.
"""


def main() -> int:
    pairs = int(os.environ.get("PAIRS") or 15)
    checkout = Path(os.environ["BASELINE"]).resolve() if os.environ.get("BASELINE") else None
    with tempfile.TemporaryDirectory() as folder, setting(Path(folder)) as own:
        earlier = baseline(checkout, Path(folder)) if checkout else None
        counted = {} if instructions.missing() else instructions.measure(own, earlier)
        found = cold.measure(own, pairs, Path(folder), earlier) | warm.measure(own, pairs, Path(folder))
    middle = {name: statistics.median(each) for name, each in found.items()}
    print(f"{'':42}{'goal':>12}{'median':>9}{'quartiles':>15}{'instr.':>9}")
    for name, each in found.items():
        if not name.endswith("ms"):
            low, _, high = statistics.quantiles(each, n=4)
            exact = f"{counted[name]:.3f}" if name in counted else "–"
            print(f"{name:42}{GOALS.get(name, '–'):>12}{middle[name]:9.2f}{low:8.2f} –{high:5.2f}{exact:>9}")
    print()
    print(
        EXPLANATION.format(
            pairs=pairs,
            bare=middle["bare botocore, ms"],
            query=middle["stock query, ms"],
            transaction=middle["stock transaction, ms"],
            latency=stub.LATENCY_S * 1_000,
            python=platform.python_version(),
            machine=platform.machine(),
            cores=os.cpu_count(),
        ),
        end="",
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
