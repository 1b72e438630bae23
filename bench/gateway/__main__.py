"""`make bench-gateway`: one table after the other. Server on one core, load client on the other; nothing else
should run meanwhile.

    python -m bench.gateway [parts] [--people 1000] [--rates 10,20,50] [--seconds 20] [--rounds 3] [--only gateway,nchan]

| part | measures | seconds |
| --- | --- | --- |
| crowd | everybody in one room, at each rate, beside all peers | 20 a turn |
| capacity | the most deliveries/s with p95 under 200 ms: the gateway beside the floor and nchan | 4 a step |
| many | 5,000 people in one room at 10/s: the same three | 20 a turn |
| rooms | 200 rooms of 10 | 20 |
| slow | 100 and 1,000 people of whom 5 % stop reading, beside FastAPI's documented loop | 45 |
| idle | 10,000 connections in a quiet room | |
| reconnect | everybody comes back at once, to the same process and to a new one | 2 before |
| api | the real API behind it, on each engine: everybody joins, hears, leaves and comes back | 10 |
| faults | the API goes away, the gateway is killed, the gateway is drained, while messages go on | 3 before and after |

`--seconds` replaces a part's own. Servers take turns in each round (A B C … A B C …); figures are medians
over the rounds, counts sums, ratios to the floor's in the same round. Latency is from the instant at which a
message was meant to be sent to its reading by a client: a server or a load client that falls behind shows in
it. `client` is the share of its core that the load client used: near 100 % it is the client that sets the
limit.
"""

import argparse
import os
import resource
import sys
from collections.abc import Awaitable, Callable, Sequence

import uvloop

from bench.gateway.parts.api import api
from bench.gateway.parts.capacity import capacity
from bench.gateway.parts.crowd_table import crowd_table
from bench.gateway.parts.faults import faults
from bench.gateway.parts.idle import idle
from bench.gateway.parts.reconnect import reconnect
from bench.gateway.parts.rooms import rooms
from bench.gateway.parts.slow import slow

FILES = 12_000
"""Open files that `idle` takes."""

CROWD = "floor,gateway,nchan"


async def _crowd(given: argparse.Namespace) -> None:
    rates = [float(each) for each in given.rates.split(",")]
    await crowd_table(given.people, rates, given.seconds or 20, given.rounds, given.only)


async def _many(given: argparse.Namespace) -> None:
    await crowd_table(5 * given.people, [10.0], given.seconds or 20, given.rounds, given.only or CROWD)


async def _slow(given: argparse.Namespace) -> None:
    for people in (given.people // 10, given.people):
        await slow(people, given.seconds or 45)


PARTS: dict[str, Callable[[argparse.Namespace], Awaitable[None]]] = {
    "crowd": _crowd,
    "capacity": lambda given: capacity(given.people, given.seconds or 4, given.rounds, given.only or CROWD),
    "many": _many,
    "rooms": lambda given: rooms(200, 10, 1.0, given.seconds or 20),
    "slow": _slow,
    "idle": lambda _: idle(10_000),
    "reconnect": lambda given: reconnect(given.people, given.seconds or 2),
    "api": lambda given: api(given.people, given.seconds or 10),
    "faults": lambda given: faults(given.people, given.seconds or 3),
}


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """Of the command line; all parts where none is named."""
    parser = argparse.ArgumentParser(prog="python -m bench.gateway")
    parser.add_argument("parts", nargs="*", metavar="part", help=", ".join(PARTS))
    parser.add_argument("--people", type=int, default=1_000)
    parser.add_argument("--rates", default="10,20,50")
    parser.add_argument("--seconds", type=float, help="instead of each part's own")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="parts of servers' names, with commas between")
    found = parser.parse_args(given)
    if unknown := set(found.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    found.parts = found.parts or list(PARTS)
    return found


async def main() -> None:
    given = arguments()
    os.sched_setaffinity(0, {1} if (os.cpu_count() or 1) > 1 else {0})
    _allow_files()
    for part in given.parts:
        await PARTS[part](given)


def _allow_files() -> None:
    """As many as the system lets us have; the servers inherit it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < FILES:
        print(f"only {hard} open files are allowed; parts of more people need {FILES}", file=sys.stderr)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


if __name__ == "__main__":
    sys.exit(uvloop.run(main()))
