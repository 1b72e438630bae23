"""Tokens for whoever chats at the local page: of demo people, or of anybody else, but never of an administrator."""

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from aiohttp import web

from chat.rules.rooms import is_user_id
from simulator import strict_json
from simulator.page.guard import check_same_origin
from simulator.refusals import bad_request

PATH = "/demo/token"
PEOPLE = ("alice", "bob", "carol")
TTL = 3_600
"""Seconds, where PAGE_TTL does not say otherwise. The page asks again before."""

Mint = Callable[[str, int], str]
"""A token for a user, made at an instant (epoch seconds), for the page, without any role."""


@dataclass(frozen=True, slots=True)
class DemoTokens:
    """`POST /demo/token` with `{"user": "alice"}` answers `{"token", "expiresInSeconds"}`, to this server's own page alone:
    there is no CORS for it, whatever asks."""

    mint: Mint
    ttl: int = TTL
    reserved: Iterable[str] = ("admin", "gateway")
    """Who gets none: names that other modes give roles to."""

    async def post(self, request: web.Request) -> web.Response:
        check_same_origin(request)
        if request.content_type != "application/json":  # which no form of another page can send
            raise bad_request("The body is not JSON.")
        user = _user(await request.read())
        if user in self.reserved:
            raise bad_request("There is no token for this name here.")
        answer = {"token": self.mint(user, int(time.time())), "expiresInSeconds": self.ttl}
        return web.Response(
            text=json.dumps(answer), content_type="application/json", headers={"Cache-Control": "no-store"}
        )


def _user(body: bytes) -> str:
    try:
        asked = strict_json.loads(body)
    except strict_json.NotJson:
        raise bad_request("The body is not JSON.") from None
    user = asked.get("user") if isinstance(asked, dict) else None
    if not isinstance(user, str) or not is_user_id(user):
        raise bad_request(
            "`user` is no user id: 1 to 128 characters, at most 256 bytes, no control characters."
        )
    return user
