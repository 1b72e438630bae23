"""Every check of `make conformance` (proving/) against this API: what it asks of any endpoint is asked of ours in each run.

Each check comes with people whom nobody has met, so that no rate limit is met by all of them together.
"""

import uuid

import aiohttp
import pytest

from proving.check import Check
from proving.checks import CHECKS
from proving.client import Client
from proving.conformance import OWN
from proving.endpoint import endpoint
from proving.mapping import load
from proving.people import Person
from proving.run import ask, clean_up
from proving.world import Run

from .conftest import Api

pytestmark = pytest.mark.timeout(120)


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
async def test_the_api_conforms(api: Api, check: Check) -> None:
    mark = uuid.uuid4().hex[:12]
    people = tuple(Person(f"{name}-{mark}", api.token(f"{name}-{mark}")) for name in ("ann", "ben", "cleo"))
    mapping = load(OWN)
    async with aiohttp.ClientSession() as http:
        run = Run(Client(endpoint(api.url, None, ()), mapping.header, http), mapping, people)
        try:
            result = await ask(run, check, 0)
        finally:
            left = await clean_up(run)
    assert (result.status, result.reason) == ("pass", "")
    assert left == []
