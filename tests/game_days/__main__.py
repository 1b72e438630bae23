"""A game day on this machine: something goes wrong while people chat, by programs that are really killed and started.

    python -m tests.game_days outage|keys|restored [--seconds 600] [--seed N] [--home FOLDER]

Says what to do, what is to be seen and what was seen, and checks at the end that nothing is lost, nothing there twice and
nobody was told what they may not know. docs/game-days.md has what each is for, and how it is done in an account.
"""

import argparse
import asyncio
import secrets
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random

import aiohttp

from simulator.engine import embedded
from tests.game_days.day import Day
from tests.game_days.issuer import Issuer
from tests.game_days.keys import Keys
from tests.game_days.outage import Outage
from tests.game_days.restored import Restored
from tests.guarantees.crashes.chaos import Run
from tests.guarantees.crashes.servers import Servers

DAYS: dict[str, type[Day]] = {"outage": Outage, "keys": Keys, "restored": Restored}


async def play(kind: type[Day], home: Path, seconds: float, seed: int) -> list[str]:
    """What was not as promised, in sentences."""
    async with AsyncExitStack() as stack:
        stack.enter_context(embedded("ministack", home))  # which outlives the API
        issuer = Issuer()
        await stack.enter_async_context(issuer.served())
        servers = Servers(home, "ministack", jwks_url=issuer.url, keys=issuer.current)
        stack.callback(servers.stop)
        await servers.start()
        http = await stack.enter_async_context(aiohttp.ClientSession())
        people = Run(servers, Random(seed), http)  # noqa: S311  repeatable
        return await kind(servers, people, http, issuer, seconds).go()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.game_days")
    parser.add_argument("day", choices=DAYS)
    parser.add_argument("--seconds", type=float, default=600.0, help="for how long it goes wrong")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    parser.add_argument("--home", type=Path, help="keep state and logs here")
    given = parser.parse_args()
    print(f"seed {given.seed}", flush=True)
    with tempfile.TemporaryDirectory() as temporary:
        home = given.home or Path(temporary)
        home.mkdir(parents=True, exist_ok=True)
        problems = asyncio.run(play(DAYS[given.day], home, given.seconds, given.seed))
    for problem in problems:
        print(problem, file=sys.stderr)
    print(
        f"WRONG, seed {given.seed}"
        if problems
        else "nothing lost, nothing twice, nothing leaked, unread right"
    )
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
