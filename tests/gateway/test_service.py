"""The service's own identity: how an API that does not take it is called, who is told, and when that is over."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from gateway import documents
from gateway.appsync import UpstreamRefused, refusal_of
from gateway.authorization import ServiceToken
from gateway.service import SENTENCES, Service, fault_of
from simulator.keys import SigningKey
from tests.gateway.conftest import LocalChat, Serve
from tests.gateway.fakes import NOT_MEMBER, UNREACHABLE, Bob, FakeChat, FakeFeed, member
from tests.gateway.test_gateway_page import PAGE

NO_ROLE = UpstreamRefused(refusal_of("UnauthorizedException", "You are not authorized to make this call."))
SKEWED = "Signature expired: 20150830T123600Z is now earlier than 20150830T124100Z"
RECALCULATED = "The request signature we calculated does not match the signature you provided."


@pytest.mark.parametrize(
    ("error_type", "message", "fault"),
    [
        ("UnauthorizedException", "You are not authorized to make this call.", "refused"),
        ("com.amazonaws.deepdish.graphql.auth#UnauthorizedException", "", "refused"),
        ("AccessDeniedException", "User: arn:… is not authorized to perform: appsync:GraphQL", "refused"),
        ("Unauthorized", "Not Authorized to access room on type Query", "refused"),
        (
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
            "credentials",
        ),
        ("ExpiredTokenException", "The security token included in the request is expired", "credentials"),
        ("InvalidSignatureException", RECALCULATED, "signature"),
        ("BadRequestException", RECALCULATED, "signature"),
        ("InvalidSignatureException", SKEWED, "clock"),
        ("BadRequestException", SKEWED, "clock"),
        ("IdentityRefused", "Nobody knows you here. [code=IdentityRefused reason=role]", "identity"),
        (
            None,
            "Validation error of type FieldUndefined: Field 'room' in type 'Query' is undefined",
            "schema",
        ),
        ("NotRoomMember", "You are not in this room. [code=NotRoomMember]", None),
        ("Lambda:Unhandled", "Too old. [code=StaleEpoch epoch=2]", None),
        (None, None, None),
    ],
)
def test_a_refusal_that_is_about_who_asked_is_a_fault(
    error_type: str | None, message: str | None, fault: str | None
) -> None:
    assert fault_of(refusal_of(error_type, message)) == fault


def test_the_page_names_every_fault() -> None:
    named = {line.split("`")[1] for line in PAGE.splitlines() if line.startswith("| `")}
    assert {*SENTENCES, "draining", "upstream"} <= named


def service(*answers: Any) -> tuple[Service, FakeChat]:
    chat: Any = FakeChat(*answers)
    return Service(ServiceToken(lambda: "opaque"), chat), chat


async def asked(own: Service) -> None:
    """As a room's feed does."""
    with suppress(UpstreamRefused):
        await own.ask(documents.ROOM, {"room": "lobby"})


async def until_taken(own: Service) -> None:
    while own.fault is not None:  # noqa: ASYNC110  nothing else says so
        await asyncio.sleep(0.01)


async def test_a_fault_is_told_once_and_is_over_when_the_api_takes_the_service(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "gateway.service")
    own, _ = service(NO_ROLE, NO_ROLE, UNREACHABLE, NOT_MEMBER, {"roomId": "lobby"}, NO_ROLE)
    faults: list[str | None] = [own.fault]
    for _ in range(6):
        await asked(own)
        faults.append(own.fault)
    assert faults == ["starting", "refused", "refused", "refused", None, None, "refused"]
    assert [(each.levelname, getattr(each, "reason", None)) for each in caplog.records] == [
        ("ERROR", "refused"),
        ("INFO", None),
        ("ERROR", "refused"),
    ]


async def test_a_missing_role_is_not_disproved_by_a_refusal_but_by_an_answer() -> None:
    own, _ = service(NOT_MEMBER, UNREACHABLE, {"roomId": "lobby"})
    own.lacks_role()
    for fault in ("role", "role", None):
        await asked(own)
        assert own.fault == fault


@pytest.mark.parametrize("text", ["", "one that has ended"])
async def test_a_token_that_is_missing_or_has_ended_is_a_fault(key: SigningKey, text: str) -> None:
    ended = key.mint("gateway", now=int(time.time()) - 60, ttl=1, roles=("gateway",))
    chat: Any = FakeChat({})
    token = ServiceToken(lambda: text and ended)
    own = Service(token, chat)
    await asked(own)
    assert own.fault is None
    with suppress(UpstreamRefused):
        await token.of_request("http://127.0.0.1/graphql", b"{}")
    assert own.fault == "credentials"


@asynccontextmanager
async def watching(own: Service) -> AsyncIterator[None]:
    task = asyncio.create_task(own.watch())
    try:
        async with asyncio.timeout(20):
            yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_the_api_is_asked_in_the_beginning_and_while_there_is_a_fault() -> None:
    own, chat = service(UNREACHABLE, NO_ROLE, NOT_MEMBER, NO_ROLE, NOT_MEMBER, {})
    async with watching(own):
        await until_taken(own)
        assert len(chat.asked) == 3
        await asked(own)
        await until_taken(own)
        assert len(chat.asked) == 5
        await asked(own)
    assert chat.answers == [], "and not when it takes the service"


async def test_a_member_is_not_told_that_they_are_none_where_the_service_is_not_given_their_room() -> None:
    feed = FakeFeed()
    feed.refusal = NOT_MEMBER
    bob = Bob(FakeChat(member(1), member(1)), feed)
    await bob.sends(type="subscribe", room="lobby")
    await bob.joined()
    assert [frame["errorType"] for frame in bob.written] == ["ServiceUnavailable"]
    assert feed.lacks_role
    await bob.hub.close()


async def test_whoever_loses_a_room_while_they_join_is_told_so_and_it_is_no_fault_of_the_service() -> None:
    feed = FakeFeed()
    feed.refusal = NOT_MEMBER
    bob = Bob(FakeChat(member(1), NOT_MEMBER), feed)
    await bob.sends(type="subscribe", room="lobby")
    await bob.joined()
    assert [frame["errorType"] for frame in bob.written] == ["NotRoomMember"]
    assert not feed.lacks_role
    await bob.hub.close()


async def readiness(local: LocalChat) -> tuple[int, str | None]:
    async with local.http.get(f"http://127.0.0.1:{local.port}/readyz") as answer:
        body = await answer.json()
    assert body["ready"] is (answer.status == 200)
    return answer.status, body["reason"]


async def until_unready(local: LocalChat, reason: str | None) -> None:
    async with asyncio.timeout(20):
        while await readiness(local) != (503 if reason else 200, reason):  # noqa: ASYNC110  another program
            await asyncio.sleep(0.02)


@pytest.mark.parametrize(("token", "reason"), [("nonsense", "refused"), ("", "credentials")])
async def test_a_service_that_the_api_does_not_take_is_not_ready_and_says_why(
    serve: Serve, tmp_path: Path, token: str, reason: str
) -> None:
    file = tmp_path / "bad.token"
    file.write_text(token)
    async with serve(service_token=f"file:{file}") as local:
        await until_unready(local, reason)
        assert await local.metric("chat_gateway_service_fault") == 1
        file.write_text(local.token("gateway", roles=("gateway",)))
        await until_unready(local, None)
        assert await local.metric("chat_gateway_service_fault") == 0


async def test_a_service_without_its_role_is_not_ready_from_the_first_client_on(
    serve: Serve, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "roleless.token"
    async with serve() as local:
        file.write_text(local.token("gateway"))
    async with serve(service_token=f"file:{file}") as local:
        await until_unready(local, None)
        room = local.room()
        async with local.person("bob", room) as bob:
            assert await bob.closed() == (4503, "ServiceUnavailable")
        await until_unready(local, "role")
        async with local.person("stranger", room) as stranger:
            assert await stranger.closed() == (4403, "NotRoomMember")
    assert [each.message for each in caplog.records if getattr(each, "reason", "") == "role"] == [
        SENTENCES["role"]
    ]


async def test_an_unreachable_api_is_told_from_one_that_refuses(serve: Serve) -> None:
    async with serve(appsync_url="http://127.0.0.1:9/graphql") as local:
        assert (await readiness(local))[0] == 503
        await until_unready(local, "upstream")
