"""Bad input gets the documented error, stores nothing, and the server goes on. Bodies that are no request, variables that are
missing, calls without credentials and what else is asked of any endpoint: test_conformance.py."""

import json
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from .conftest import FIELDS, Api

UNAUTHORIZED = {
    "errors": [{"errorType": "UnauthorizedException", "message": "You are not authorized to make this call."}]
}


@pytest.fixture(autouse=True)
async def nothing_is_stored_and_the_server_goes_on(api: Api) -> AsyncIterator[None]:
    before = await api.head(), await api.head("GUILD#dragons")
    yield
    assert (await api.head(), await api.head("GUILD#dragons")) == before
    assert (await api.ask("alice", "{ __typename }")).data == {"__typename": "Query"}


def body(**parts: Any) -> bytes:
    return json.dumps(parts).encode()


SEND = f"mutation ($r: ID!, $t: String!) {{ sendMessage(roomId: $r, text: $t) {{ {FIELDS} }} }}"


@pytest.mark.parametrize(
    "sent",
    [
        body(query='{ messages(roomId: "lobby") { items { nothing } } }'),
        body(query=SEND, variables={"r": "lobby", "t": 7}),
        body(query='{ messages(roomId: "lobby", limit: "many") { nextToken } }'),
        body(query='{ messages(roomId: "lobby", after: "yesterday") { nextToken } }'),
        body(query='{ messages(roomId: "lobby", order: SIDEWAYS) { nextToken } }'),
    ],
    ids=lambda value: value[:60].decode(),
)
async def test_what_the_schema_does_not_take_is_explained(api: Api, sent: bytes) -> None:
    answer = await api.post(api.token("alice"), sent)
    assert answer.status == 200
    assert {error.get("errorType") for error in answer.body["errors"]} == {None}
    assert not answer.body.get("data")


@pytest.mark.parametrize(
    ("room", "text"),
    [
        ("lobby", "   \n\t "),
        ("lobby", "\x00\x07\x1b"),
        ("lobby", "\u200b\u200d\ufe0f"),
        ("lobby", "half \ud83d"),
        ("lobby", "x" * 4_001),
        ("lobby", "\U0001f600" * 4_001),
        ("lobby", ""),
        ("GUILD#", "hello"),
        ("GUILD#dragons#", "hello"),
        ("lobby#", "hello"),
        ("lob\x00by", "hello"),
        ("lobby\n", "hello"),
        ("", "hello"),
        ("x" * 129, "hello"),
        ("\ud800", "hello"),
    ],
    ids=lambda value: ascii(value)[:40],
)
async def test_a_text_or_room_that_cannot_be_is_invalid_input(api: Api, room: str, text: str) -> None:
    answer = await api.post(api.token("alice"), body(query=SEND, variables={"r": room, "t": text}))
    assert answer.status == 200
    assert answer.error[0] == "InvalidInput"


@pytest.mark.parametrize("limit", [0, -1, 101, 1_000_000])
async def test_a_limit_out_of_bounds_is_invalid_input(api: Api, limit: int) -> None:
    answer = await api.ask("alice", f'{{ messages(roomId: "lobby", limit: {limit}) {{ nextToken }} }}')
    assert answer.error[0] == "InvalidInput"
    assert "argument=limit" in answer.error[1]


@pytest.fixture
def senders_publish(publishing: str) -> None:
    """Only where what senders select is published: elsewhere they select what they like (test_forging.py)."""
    if publishing != "sender":
        pytest.skip("with publish=stream selections are free")


async def test_an_incomplete_selection_names_what_is_missing(senders_publish: None, api: Api) -> None:
    answer = await api.ask("alice", 'mutation { sendMessage(roomId: "lobby", text: "x") { id text } }')
    assert answer.error[0] == "InvalidInput"
    assert "missing=roomId,senderId,ts,seq,epoch,clientMessageId]" in answer.error[1]


@pytest.mark.parametrize(
    "alias", ["roomId: clientMessageId", "senderId: text", "seq: epoch", "text: senderId"]
)
async def test_a_fragment_cannot_publish_to_another_room_or_under_another_name(
    senders_publish: None, api: Api, alias: str
) -> None:
    names = " ".join(name for name in FIELDS.split() if name != alias.split(":", maxsplit=1)[0])
    fragment = f"fragment F on Message {{ {alias} {names} }}"
    send = 'mutation { sendMessage(roomId: "GUILD#dragons", text: "bob", clientMessageId: "lobby") { ...F } }'
    answer = await api.ask("carol", f"{send} {fragment}")
    assert answer.error[0] == "InvalidInput"
    assert "fragments=F]" in answer.error[1]


def tokens(api: Api) -> dict[str, str]:
    now = int(time.time())
    good: dict[str, Any] = jwt.decode(api.token("alice"), options={"verify_signature": False})
    kid = api.keys.public_jwk["kid"]
    other = ec.generate_private_key(ec.SECP256R1())

    def signed(key: Any = api.keys.private, **claims: Any) -> str:
        return jwt.encode(good | claims, key, "ES256", {"kid": kid})

    return {
        "expired": signed(exp=now - 60),
        "audience": signed(aud="somebody-else"),
        "issuer": signed(iss="https://elsewhere.example"),
        "alg none": jwt.encode(good, "", "none", {"kid": kid}),
        "another key": signed(other),
        "subject": signed(sub="al\x00ice"),
        "oversize": "x" * 100_000,
    }


@pytest.mark.parametrize("kind", ["expired", "audience", "issuer", "alg none", "another key", "subject"])
async def test_a_token_that_is_not_good_is_a_401(api: Api, kind: str) -> None:
    answer = await api.post(tokens(api)[kind], body(query=SEND, variables={"r": "lobby", "t": "hello"}))
    assert (answer.status, answer.body) == (401, UNAUTHORIZED)


async def test_an_oversize_token_does_no_harm(api: Api) -> None:
    async with api.http.post(api.url, data=b"{}", headers={"authorization": "x" * 100_000}) as answer:
        assert 400 <= answer.status < 500


async def test_bad_frames_do_not_end_the_server_or_the_neighbours(api: Api) -> None:
    url = api.url.replace("http", "ws", 1)
    headers = {"authorization": api.token("alice"), "host": url.split("/")[2]}
    async with (
        api.http.ws_connect(url, protocols=["graphql-ws"], headers=headers) as neighbour,
        api.http.ws_connect(url, protocols=["graphql-ws"], headers=headers) as socket,
    ):
        await socket.send_json({"type": "start", "id": "1"})  # before connection_init, and without data
        assert (await socket.receive_json())["type"] == "error"
        await socket.send_bytes(b"\x00\x01")
        assert (await socket.receive_json())["type"] == "error"
        await socket.send_str("{")
        assert (await socket.receive_json())["type"] == "error"
        half = {
            "data": json.dumps({"query": "{ \ud800 }"}),
            "extensions": {"authorization": {"Authorization": "\ud800"}},
        }
        await socket.send_json({"type": "start", "id": "\ud800", "payload": half})
        refused = await socket.receive_json()
        assert (refused["type"], refused["id"]) == ("error", "\ud800")
        await socket.send_str("x" * (1024 * 1024 + 1))
        closed = await socket.receive()
        assert (closed.type, closed.data) == (aiohttp.WSMsgType.CLOSE, aiohttp.WSCloseCode.MESSAGE_TOO_BIG)
        await neighbour.send_json({"type": "connection_init"})
        assert (await neighbour.receive_json())["type"] == "connection_ack"
