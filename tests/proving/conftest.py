"""The sample served in the tests' process, sound or with one wrong design, and a run of checks against it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import aiohttp

from proving.checks import CHECKS
from proving.client import Client
from proving.conformance import MAPPINGS
from proving.endpoint import endpoint
from proving.mapping import Mapping, load
from proving.run import Result, ask_all, clean_up, plan
from proving.servers.serve import people, server_of
from proving.servers.wire import Server, serving
from proving.world import Run

SAMPLE = MAPPINGS / "sample.toml"


@asynccontextmanager
async def run_against(
    design: str, mapping: Mapping | None = None, *, patience_s: float = 20
) -> AsyncIterator[tuple[Run, Server]]:
    """`mapping`: in place of the sample's own."""
    present = people()
    server = server_of(design, present)
    mapping = mapping or load(SAMPLE)
    async with serving(server) as url, aiohttp.ClientSession() as http:
        client = Client(endpoint(url, None, ()), mapping.header, http, patience_s)
        yield Run(client, mapping, present), server


async def results_of(run: Run, *only: str) -> dict[str, Result]:
    """By the checks' ids; what was made is taken away."""
    results = await ask_all(run, plan(CHECKS.values(), run.mapping, only).checks, lambda _: None)
    assert await clean_up(run) == []
    return {each.check.id: each for each in results}


def failed(results: dict[str, Result]) -> set[str]:
    return {name for name, each in results.items() if each.status == "fail"}


def reasons(results: dict[str, Result]) -> Sequence[str]:
    return [f"{name}: {each.reason}" for name, each in results.items() if each.status == "fail"]
