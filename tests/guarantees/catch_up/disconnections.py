"""Clients that are cut off at random and come back, on the real API: they miss nothing and show nothing twice, in order.

    python -m tests.guarantees.catch_up.disconnections [--runs 10000] [--seed N] [--workers 2] [--endpoint URL] [--story NAME]

A run is one client's life in a room's story; a few lives share a story. Frames are lost, repeated, overtaken and delayed,
answers are lost, sockets are cut at any moment, pages are small; meanwhile people come and go, and epochs end. In the end
each client that is in the room shows what a fresh fetch gives. Prints what was counted; ends with status 1, and the name of
the story to be told again (`--story`), when a client is wrong.
"""

import argparse
import asyncio
import os
import secrets
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from random import Random

from simulator import demo
from simulator.engine import embedded
from simulator.keys import local_secrets
from simulator.settings import become, functions_environment
from tests.conftest import choose_engine
from tests.guarantees.catch_up.client_run import Life
from tests.guarantees.catch_up.faulty_client import Wrong
from tests.guarantees.catch_up.room_script import Story, fetch
from tests.guarantees.support.backend import Backend, Denied, backend

LIVES = 20
"""How many clients share a story: each has its own dice, and only the room is common."""
LISTENERS = [f"eve{number}" for number in range(5)]
HAPPENINGS = 20
BESIDE, PART = 4, 25
"""How many stories a process tells at a time, and how many make a part of its work."""


@dataclass(frozen=True, slots=True)
class Told:
    """What came of one story. `wrong`: the client that was, by its number, and what was wrong with it."""

    name: str
    counts: "Counter[str]"
    wrong: str | None = None


async def tell(api: Backend, name: str, lives: int = LIVES) -> Told:
    """One story, by the name that makes its dice."""
    dice = Random(name)  # noqa: S311  repeatable
    guild = "GUILD#" if dice.random() < 0.3 else ""
    story = Story.begin(api, dice, f"{guild}s-{uuid.uuid4()}", LISTENERS)
    clients = [
        Life.begin(api, story.room_id, dice.choice(LISTENERS), Random(f"{name}/{number}"))  # noqa: S311  repeatable
        for number in range(lives)
    ]
    number = -1
    try:
        for _ in range(HAPPENINGS):
            await story.go_on()
            for life in clients:
                if life.client.user in story.came and life.client.follower.is_stopped:
                    life.client.begin()
            for _ in range(3 * lives):
                number = dice.randrange(lives)
                await clients[number].go_on()
        messages, head = await fetch(api, story.room_id, "own")
        assert [*messages] == [*range(1, head.seq + 1)]
        for number in range(lives):
            standing = story.people[clients[number].client.user]
            await clients[number].settle(is_in=standing.is_in)
            clients[number].check(messages, standing.gone_at)
    except (Wrong, Denied) as wrong:
        return Told(name, Counter(), f"client {number}: {wrong}")
    finally:
        for life in clients:
            life.client.hang_up()
    return Told(name, _counts(story, clients))


def _counts(story: Story, clients: list[Life]) -> "Counter[str]":
    counts: Counter[str] = Counter(runs=len(clients), stories=1, messages=len(story.said))
    counts["partings"] = story.partings
    for life in clients:
        counts.update(asdict(life.client.follower.counts))
        counts["lost"] += life.client.lost
    return counts


@contextmanager
def functions_on(endpoint: str) -> Iterator[None]:
    """This process's environment is the functions', quiet, on the DynamoDB at `endpoint`."""
    with tempfile.TemporaryDirectory() as home:
        keys = local_secrets(Path(home))
        jwks = {"JWT_JWKS": "{}"}
        become(functions_environment(endpoint=endpoint, secrets=keys, jwks=jwks, log_level="CRITICAL"))
        with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):  # metrics
            yield


def _work(endpoint: str, names: list[str]) -> list[Told]:
    """In a process of its own: these stories, a few at a time, since most of each is waiting."""

    async def work() -> list[Told]:
        turns = asyncio.Semaphore(BESIDE)

        async def one(api: Backend, name: str) -> Told:
            async with turns:
                return await tell(api, name)

        with backend() as api:
            return await asyncio.gather(*(one(api, name) for name in names))

    with functions_on(endpoint):
        return asyncio.run(work())


def run(endpoint: str, names: list[str], workers: int) -> Iterator[Told]:
    """The stories of these names, in processes beside each other."""
    parts = [names[start : start + PART] for start in range(0, len(names), PART)]
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        try:
            for part in pool.map(_work, [endpoint] * len(parts), parts):
                yield from part
        finally:
            pool.shutdown(cancel_futures=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.guarantees.catch_up.disconnections")
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--seed", default=str(secrets.randbelow(10**6)))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--endpoint")
    parser.add_argument("--story", action="append")
    given = parser.parse_args()
    names = given.story or [f"{given.seed}/{number}" for number in range(-(-given.runs // LIVES))]
    print(f"seed {given.seed}: {len(names) * LIVES} runs in {len(names)} stories", flush=True)
    os.environ |= {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
    started = time.monotonic()
    total: Counter[str] = Counter()
    with ExitStack() as stack:
        endpoint = given.endpoint
        if endpoint is None:
            kind, why = choose_engine("auto")
            home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            endpoint = stack.enter_context(embedded(kind, home, in_memory=True))
            print(f"{kind}, {why}", flush=True)
        demo.seed(endpoint)
        for told in run(endpoint, names, given.workers):
            total.update(told.counts)
            if told.counts["runs"] and total["runs"] % 1_000 == 0:
                print(
                    f"{total['runs']:,} runs, {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True
                )
            if told.wrong:
                print(f"story {told.name}, {told.wrong}")
                return 1
    seconds = time.monotonic() - started
    for name, count in total.items():
        print(f"{name:18} {count:>10,}")
    print(
        f"{seconds:.0f} s, {1_000 * seconds / total['runs']:.0f} ms a run, and nothing missed or shown twice"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
