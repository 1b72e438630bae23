"""What AppSync answers, and what is made of it when it does not."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from gateway import documents
from gateway.appsync import AppSync, UpstreamRefused, value_of
from gateway.authorization import ServiceToken, Token
from gateway.breaker import Breaker
from gateway.settings import BadSettings
from simulator.keys import SigningKey

Answer = Callable[[web.Request], Awaitable[web.Response]]


class Api:
    """An API on loopback that answers as the test says."""

    answer: Answer

    async def handle(self, request: web.Request) -> web.Response:
        return await self.answer(request)


@pytest.fixture
async def api() -> AsyncIterator[tuple[Api, AppSync, Breaker]]:
    api, app = Api(), web.Application()
    app.router.add_post("/graphql", api.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/graphql"
    breaker = Breaker(failures=2, pause=0.0)
    async with aiohttp.ClientSession() as session:
        yield api, AppSync(url, session, breaker), breaker
    await runner.cleanup()


def answering(status: int, **body: Any) -> Answer:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response(body, status=status)

    return answer


async def refusal(appsync: AppSync) -> str:
    with pytest.raises(UpstreamRefused) as refused:
        await appsync.ask(documents.ROOM, {}, Token("token"))
    return refused.value.refusal.code


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_an_api_that_is_not_well_is_not_asked_for_a_while(
    api: tuple[Api, AppSync, Breaker], status: int
) -> None:
    stub, appsync, breaker = api
    stub.answer = answering(status, errors=[{"message": "too many", "errorType": "Throttled"}])
    for _ in range(2):
        assert await refusal(appsync) == "ServiceUnavailable"
    stub.answer = answering(200, data={"room": {"roomId": "lobby"}})
    assert await appsync.ask(documents.ROOM, {}, Token("token")) == {"roomId": "lobby"}
    assert breaker.allows()
    assert breaker.allows()


@pytest.mark.parametrize(
    ("status", "error_type"),
    [(401, "UnauthorizedException"), (403, "AccessDeniedException"), (403, "WAFForbiddenException")],
)
async def test_who_is_not_let_in_is_told_so_by_name_and_nobody_else_is_kept_out(
    api: tuple[Api, AppSync, Breaker], status: int, error_type: str
) -> None:
    stub, appsync, breaker = api
    stub.answer = answering(status, errors=[{"errorType": error_type, "message": "No."}])
    for _ in range(3):
        assert await refusal(appsync) == error_type
    assert breaker.state == "closed"


async def test_whoever_does_not_wait_for_the_answer_leaves_the_try_to_the_next(
    api: tuple[Api, AppSync, Breaker],
) -> None:
    stub, appsync, breaker = api
    breaker.failed()
    breaker.failed()
    asked = asyncio.Event()

    async def never(_: web.Request) -> web.Response:
        asked.set()
        return await asyncio.Future[web.Response]()

    stub.answer = never
    asking = asyncio.create_task(appsync.ask(documents.ROOM, {}, Token("token")))
    await asked.wait()
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    stub.answer = answering(200, data={"room": {}})
    assert await appsync.ask(documents.ROOM, {}, Token("token")) == {}


def test_the_services_token_is_read_again_before_it_ends_and_kept_while_it_cannot_be_read(
    key: SigningKey,
) -> None:
    tokens = [key.mint("gateway", now=int(time.time()), ttl=ttl) for ttl in (3_600, 30, 3_600)]
    there = [None, *tokens[1:], None]

    def read() -> str:
        token = there.pop(0)
        if token is None:
            raise BadSettings("SERVICE_TOKEN cannot be read")
        return token

    service_token = ServiceToken(read)
    with pytest.raises(UpstreamRefused):
        service_token.current()
    assert service_token.current() == tokens[1]
    assert [service_token.current(), service_token.current()] == [tokens[2], tokens[2]]
    assert there == [None]
    assert not service_token.is_over
    over = ServiceToken(lambda: key.mint("gateway", now=int(time.time()) - 60, ttl=1))
    over.current()
    assert over.is_over


@pytest.mark.parametrize("answer", [None, [], {}, {"data": None}, {"data": {}}, {"errors": []}, "text", 1])
def test_what_is_no_answer_of_graphql_is_an_api_that_cannot_be_reached(answer: object) -> None:
    with pytest.raises(UpstreamRefused) as refused:
        value_of(answer)
    assert refused.value.refusal.code == "ServiceUnavailable"


def test_a_refusal_has_its_name_and_values_from_the_brackets() -> None:
    error = {
        "message": "Wait. [code=RateLimited retryAfterMs=70 scope=person]",
        "errorType": "Lambda:Unhandled",
    }
    with pytest.raises(UpstreamRefused) as refused:
        value_of({"data": None, "errors": [error]})
    assert refused.value.refusal.code == "RateLimited"
    assert refused.value.refusal.values == {"retryAfterMs": 70, "scope": "person"}
