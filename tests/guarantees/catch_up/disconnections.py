"""Clients that are cut off at random and come back, on the real API: they miss
nothing and show nothing twice, in order.

    python -m tests.guarantees.catch_up.disconnections
        [--runs 10000] [--seed N] [--workers 2] [--endpoint URL] [--script NAME]

A run is one client during a room's script; a few clients share a script. Frames are lost,
repeated, overtaken and delayed, answers are lost, sockets are cut at any moment, pages are small;
meanwhile members join and leave, and epochs end. In the end each client that is in the room shows
what a fresh fetch gives. Prints what was counted; ends with status 1, and the name of the script
to be run again (`--script`), when a client is wrong.
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
from contextlib import contextmanager, redirect_stdout
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from random import Random

from simulator.keys import local_secrets
from simulator.settings import become, functions_environment
from tests.guarantees.catch_up.client_run import ClientRun
from tests.guarantees.catch_up.faulty_client import WrongView
from tests.guarantees.catch_up.room_script import RoomScript, fetch
from tests.guarantees.support.backend import Backend, Denied, backend
from tests.guarantees.support.engine import engine

CLIENTS = 20
"""How many clients share a script: each has random numbers of its own, and only the room is common."""
MEMBERS = [f"eve{number}" for number in range(5)]
STEPS = 20
CONCURRENT, BATCH = 4, 25
"""How many scripts a process runs at a time, and how many make a batch."""


@dataclass(frozen=True, slots=True)
class ScriptResult:
    """What came of one script. `problem`: the client that was wrong, by its number, and how."""

    name: str
    counts: "Counter[str]"
    problem: str | None = None


async def run_script(api: Backend, name: str, count: int = CLIENTS) -> ScriptResult:
    """One script, by the name that seeds its random numbers."""
    rng = Random(name)  # noqa: S311  repeatable
    guild = "GUILD#" if rng.random() < 0.3 else ""
    script = RoomScript.begin(api, rng, f"{guild}s-{uuid.uuid4()}", MEMBERS)
    clients = [
        ClientRun.begin(api, script.room_id, rng.choice(MEMBERS), Random(f"{name}/{number}"))  # noqa: S311  repeatable
        for number in range(count)
    ]
    number = -1
    try:
        for _ in range(STEPS):
            await script.go_on()
            for run in clients:
                if run.client.user in script.joined and run.client.follower.is_stopped:
                    run.client.begin()
            for _ in range(3 * count):
                number = rng.randrange(count)
                await clients[number].go_on()
        messages, head = await fetch(api, script.room_id, "own")
        assert [*messages] == [*range(1, head.seq + 1)]
        for number in range(count):
            state = script.users[clients[number].client.user]
            await clients[number].settle(is_in=state.is_in)
            clients[number].check(messages, state.removed_at)
    except (WrongView, Denied) as error:
        return ScriptResult(name, Counter(), f"client {number}: {error}")
    finally:
        for run in clients:
            run.client.unsubscribe()
    return ScriptResult(name, _counts(script, clients))


def _counts(script: RoomScript, clients: list[ClientRun]) -> "Counter[str]":
    counts: Counter[str] = Counter(runs=len(clients), scripts=1, messages=len(script.messages))
    counts["revocations"] = script.revocations
    for run in clients:
        counts.update(asdict(run.client.follower.counts))
        counts["lost"] += run.client.lost
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


def _work(endpoint: str, names: list[str]) -> list[ScriptResult]:
    """In a process of its own: these scripts, a few at a time, since most of each is waiting."""

    async def work() -> list[ScriptResult]:
        turns = asyncio.Semaphore(CONCURRENT)

        async def one(api: Backend, name: str) -> ScriptResult:
            async with turns:
                return await run_script(api, name)

        with backend() as api:
            return await asyncio.gather(*(one(api, name) for name in names))

    with functions_on(endpoint):
        return asyncio.run(work())


def run_scripts(endpoint: str, names: list[str], workers: int) -> Iterator[ScriptResult]:
    """The scripts of these names, in processes beside each other."""
    batches = [names[start : start + BATCH] for start in range(0, len(names), BATCH)]
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        try:
            for batch in pool.map(_work, [endpoint] * len(batches), batches):
                yield from batch
        finally:
            pool.shutdown(cancel_futures=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.guarantees.catch_up.disconnections")
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--seed", default=str(secrets.randbelow(10**6)))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--endpoint")
    parser.add_argument("--script", action="append")
    given = parser.parse_args()
    names = given.script or [f"{given.seed}/{number}" for number in range(-(-given.runs // CLIENTS))]
    print(f"seed {given.seed}: {len(names) * CLIENTS} runs in {len(names)} scripts", flush=True)
    started = time.monotonic()
    total: Counter[str] = Counter()
    with engine(given.endpoint) as endpoint:
        for result in run_scripts(endpoint, names, given.workers):
            total.update(result.counts)
            if result.counts["runs"] and total["runs"] % 1_000 == 0:
                print(
                    f"{total['runs']:,} runs, {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True
                )
            if result.problem:
                print(f"script {result.name}, {result.problem}")
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
