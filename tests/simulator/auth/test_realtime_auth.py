"""Over WebSocket: at the connection, and again at each start."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from simulator.auth.authorization import NO_VALID_HEADER
from simulator.auth.modes import Mode
from simulator.refusals import NOT_AUTHORIZED

from .conftest import Client, Serve, Trust

DATA = json.dumps({"query": "subscription { said { text } }"})


@asynccontextmanager
async def socket(client: Client, headers: dict[str, str]) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """A connection with these credentials, after `connection_init`."""
    header = base64.urlsafe_b64encode(json.dumps(headers).encode()).rstrip(b"=").decode()
    url = f"ws://{client.host}/graphql/realtime"
    async with client.http.ws_connect(url, protocols=["graphql-ws", f"header-{header}"]) as ws:
        await ws.send_json({"type": "connection_init"})
        yield ws


async def next_frame(ws: aiohttp.ClientWebSocketResponse) -> Any:
    """The next that is not `ka`."""
    async with asyncio.timeout(10):
        while (frame := await ws.receive_json())["type"] == "ka":
            pass
    return frame


async def start(
    ws: aiohttp.ClientWebSocketResponse, headers: dict[str, str], id_: str, data: str = DATA
) -> Any:
    """What a start with these credentials is answered."""
    payload = {"data": data, "extensions": {"authorization": headers}}
    await ws.send_json({"type": "start", "id": id_, "payload": payload})
    return await next_frame(ws)


def credentials(client: Client, trust: Trust, mode: Mode, path: str, body: str) -> dict[str, str]:
    if mode is Mode.IAM:
        return client.signed(trust.credentials(), path, body)
    return {"host": client.host, "Authorization": trust.token(mode)}


def refused(frame: Any) -> tuple[Any, ...]:
    (error,) = frame["payload"]["errors"]
    return frame["type"], error.get("errorCode"), error["errorType"], error["message"]


@pytest.mark.parametrize("mode", Mode)
async def test_good_credentials_connect_and_start(trust: Trust, serve_modes: Serve, mode: Mode) -> None:
    async with serve_modes(mode) as client:
        async with socket(client, credentials(client, trust, mode, "/graphql/connect", "{}")) as ws:
            assert (await next_frame(ws))["type"] == "connection_ack"
            answered = await start(ws, credentials(client, trust, mode, "/graphql", DATA), "1")
            assert answered == {"type": "start_ack", "id": "1"}
        assert len(client.functions.identities) == 1


@pytest.mark.parametrize(("mode", "message"), [
    (Mode.COGNITO, NO_VALID_HEADER), (Mode.OIDC, NO_VALID_HEADER), (Mode.LAMBDA, NOT_AUTHORIZED),
])  # fmt: skip
async def test_a_token_that_has_expired_is_refused_at_both(
    trust: Trust, serve_modes: Serve, mode: Mode, message: str
) -> None:
    expired = {"host": "h", "Authorization": trust.token(mode, ttl=0)}
    async with serve_modes(mode) as client:
        async with socket(client, expired) as ws:
            error = ("connection_error", 401, "UnauthorizedException", message)
            assert refused(await next_frame(ws)) == error
            assert (await ws.receive()).type is aiohttp.WSMsgType.CLOSE
        async with socket(client, credentials(client, trust, mode, "", "")) as ws:
            assert (await next_frame(ws))["type"] == "connection_ack"
            assert refused(await start(ws, expired, "1")) == ("error", None, "UnauthorizedException", message)
            good = credentials(client, trust, mode, "", "")
            assert (await start(ws, good, "2"))["type"] == "start_ack"


async def test_each_signature_is_for_what_it_was_made_for(trust: Trust, serve_modes: Serve) -> None:
    """That of a connection starts nothing, that of a start starts nothing else."""
    async with serve_modes(Mode.IAM) as client:
        connect = credentials(client, trust, Mode.IAM, "/graphql/connect", "{}")
        this = credentials(client, trust, Mode.IAM, "/graphql", DATA)
        async with socket(client, this) as ws:
            kind, code, name, message = refused(await next_frame(ws))
            assert (kind, code, name) == ("connection_error", 400, "BadRequestException")
            assert message.startswith("The request signature we calculated does not match")
        async with socket(client, connect) as ws:
            assert (await next_frame(ws))["type"] == "connection_ack"
            other = json.dumps({"query": 'subscription { said(text: "x") { text } }'})
            for id_, headers, data in (("1", connect, DATA), ("2", this, other), ("3", {}, DATA)):
                frame = await start(ws, headers, id_, data)
                assert (frame["type"], frame["id"]) == ("error", id_)
            assert (await start(ws, this, "4"))["type"] == "start_ack"
        elsewhere = client.signed(trust.credentials(), "/graphql/connect", "{}", host="localhost:1")
        async with socket(client, elsewhere) as ws:
            assert (await next_frame(ws))["type"] == "connection_error"


async def test_an_api_key_is_refused_and_no_credentials_are_named_so(
    trust: Trust, serve_modes: Serve
) -> None:
    async with serve_modes(Mode.COGNITO) as client:
        async with socket(client, {"host": client.host, "x-api-key": "da2-0123456789"}) as ws:
            error = ("connection_error", 401, "UnauthorizedException", NO_VALID_HEADER)
            assert refused(await next_frame(ws)) == error
        async with socket(client, {"host": client.host}) as ws:
            (error_,) = (await next_frame(ws))["payload"]["errors"]
            assert error_ == {"message": "Required headers are missing.", "errorCode": 400}


async def test_one_connection_may_carry_starts_of_several_modes(trust: Trust, serve_modes: Serve) -> None:
    sdl = """
    type Query { a: Int }
    type Mutation { say(text: String!): Said }
    type Subscription @aws_cognito_user_pools @aws_oidc @aws_lambda @aws_iam {
      said(text: String): Said @aws_subscribe(mutations: ["say"])
    }
    type Said @aws_cognito_user_pools @aws_oidc @aws_lambda @aws_iam { text: String }
    """
    async with serve_modes(*Mode, sdl=sdl) as client:
        async with socket(client, credentials(client, trust, Mode.COGNITO, "", "")) as ws:
            assert (await next_frame(ws))["type"] == "connection_ack"
            for mode in Mode:
                headers = credentials(client, trust, mode, "/graphql", DATA)
                assert (await start(ws, headers, mode))["type"] == "start_ack"
        kinds = [min(each) for each in client.functions.identities]
    assert kinds == ["claims", "claims", "resolverContext", "accountId"]


async def test_a_subscription_that_the_mode_may_not_read_is_refused_at_its_start(
    trust: Trust, serve_modes: Serve
) -> None:
    """And the connection goes on."""
    async with serve_modes(Mode.COGNITO, Mode.OIDC) as client:
        async with socket(client, credentials(client, trust, Mode.OIDC, "", "")) as ws:
            assert (await next_frame(ws))["type"] == "connection_ack"
            answered = await start(ws, credentials(client, trust, Mode.OIDC, "", ""), "1")
            message = "Not Authorized to access said on type Subscription"
            assert refused(answered) == ("error", None, "Unauthorized", message)
            assert (await start(ws, credentials(client, trust, Mode.COGNITO, "", ""), "2"))[
                "type"
            ] == "start_ack"
        assert len(client.functions.identities) == 1
