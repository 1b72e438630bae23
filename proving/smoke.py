"""The smoke test of a deployment: the checks that are marked for it, asked by one person in a room that is there."""

from collections.abc import Callable
from urllib.parse import urlsplit

import aiohttp

from proving.check import Check
from proving.checks import CHECKS
from proving.client import Client
from proving.conformance import OWN
from proving.endpoint import endpoint
from proving.mapping import load
from proving.people import FEWEST, Person
from proving.run import Result, ask, plan
from proving.world import Room, Run

NOBODYS = "appsync.http."
"""What is asked without anybody's token."""


def smoke_checks() -> list[Check]:
    return [each for each in CHECKS.values() if each.smoke]


async def smoke(
    url: str, realtime: str, token: str, room: str, tell: Callable[[Result], None]
) -> list[Result]:
    """What came of each check; `tell` is called with each as it comes.

    `url`, `realtime`: of a deployment of whoever asks, which is why any host will do; empty `realtime`: nothing is
    subscribed to. `token`: of somebody who is in `room`; empty: only what needs none is asked. The messages stay in the
    room. Raises `BadAddress` before anything is asked.
    """
    owned = {urlsplit(each).hostname or "" for each in (url, realtime)}
    where, mapping = endpoint(url, realtime or None, owned), load(OWN)
    person = Person("smoke", token)
    results = []
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        run = Run(Client(where, mapping.header, http), mapping, (person,) * FEWEST)
        run.shared[person.user_id] = Room(room, person, person)
        for check in plan(smoke_checks(), mapping).checks:
            reason = unasked(check, token, realtime)
            result = Result(check, "skip", reason, 0) if reason else await ask(run, check, 0)
            tell(result)
            results.append(result)
    return results


def unasked(check: Check, token: str, realtime: str) -> str:
    """Why a check is not asked; empty: it is."""
    if not token and not check.id.startswith(NOBODYS):
        return "no token is given"
    if not realtime and "subscribe" in check.needs:
        return "no address of the WebSocket is given"
    return ""
