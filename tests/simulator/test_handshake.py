"""Opening a realtime connection: where credentials may stand, and how it is refused."""

import base64
import json
from typing import Any

import aiohttp
import pytest
from yarl import URL

from simulator.limits import Limits

ACK = {"type": "connection_ack", "payload": {"connectionTimeoutMs": 300_000}}


def encoded(credentials: dict[str, str], standard: bool = True, padded: bool = True) -> str:
    raw = json.dumps(credentials).encode()
    text = (base64.b64encode if standard else base64.urlsafe_b64encode)(raw).decode()
    return text if padded else text.rstrip("=")


CREDENTIALS = {"host": "h??>>~~", "AUTHORIZATION": "alice"}
"""Their base64 holds both `+` and `/`."""


@pytest.mark.parametrize("path", ["", "/realtime"])
@pytest.mark.parametrize(
    ("query", "subprotocols"),
    [
        ("", "graphql-ws, header-" + encoded(CREDENTIALS, standard=False, padded=False)),
        ("", "graphql-ws,header-" + encoded(CREDENTIALS, standard=False, padded=False)),
        ("", "header-" + encoded(CREDENTIALS, standard=False, padded=False) + ",graphql-ws"),
        ("?header=" + encoded(CREDENTIALS) + "&payload=e30=", "graphql-ws"),
        ("?payload=e30&header=" + encoded(CREDENTIALS, padded=False), "graphql-ws"),
        ("?header=" + encoded(CREDENTIALS, standard=False), "graphql-ws"),
        ("?header=" + encoded(CREDENTIALS).replace("+", "%2B").replace("=", "%3D"), "graphql-ws"),
    ],
)
async def test_credentials_are_found_where_clients_put_them(
    client: Any, path: str, query: str, subprotocols: str
) -> None:
    url = client.address.url + path + query
    headers = {"Sec-WebSocket-Protocol": subprotocols}
    async with client.http.ws_connect(_raw(url), headers=headers) as ws:
        assert ws._response.headers["Sec-WebSocket-Protocol"] == "graphql-ws"  # noqa: SLF001
        await ws.send_str('{"type":"connection_init"}')
        assert await ws.receive_json() == ACK
        assert await ws.receive_json() == {"type": "ka"}


def _raw(url: str) -> URL:
    """Sent as it is written: without this, `+` and `=` would be escaped."""
    return URL(url, encoded=True)


@pytest.mark.parametrize(
    ("query", "subprotocols", "error"),
    [
        ("", [], {"message": "NoProtocolError", "errorCode": 400}),
        ("", ["graphql-transport-ws"], {"message": "NoProtocolError", "errorCode": 400}),
        ("", ["graphql-ws"], {"message": "Required headers are missing.", "errorCode": 400}),
        ("?header=e30=", ["graphql-ws"], {"message": "Required headers are missing.", "errorCode": 400}),
        ("?header=***", ["graphql-ws"], {"errorType": "BadRequest", "errorCode": 400}),
        ("?header=bm9wZQ==", ["graphql-ws"], {"errorType": "BadRequest", "errorCode": 400}),
        ("", ["graphql-ws", "header-e"], {"errorType": "BadRequest", "errorCode": 400}),
        (
            "?header=" + encoded({"Authorization": "eve"}),
            ["graphql-ws"],
            {
                "errorType": "UnauthorizedException",
                "message": "You are not authorized to make this call.",
                "errorCode": 401,
            },
        ),
        (
            "?header=" + encoded({"Authorization": "boom"}),
            ["graphql-ws"],
            {
                "errorType": "AuthorizerFailureException",
                "message": "keys cannot be fetched",
                "errorCode": 500,
            },
        ),
    ],
)
@pytest.mark.parametrize("speaks", [True, False])
async def test_a_refused_handshake_is_a_101_then_connection_error_then_the_end(
    serve: Any, query: str, subprotocols: list[str], error: dict[str, Any], speaks: bool
) -> None:
    grace = 20 if speaks else 0.01
    async with serve(limits=Limits(refusal_grace=grace)) as client:
        headers = {"Sec-WebSocket-Protocol": ", ".join(subprotocols)} if subprotocols else {}
        async with client.http.ws_connect(_raw(client.address.url + query), headers=headers) as ws:
            if speaks and "graphql-ws" in subprotocols:
                await ws.send_str('{"type":"connection_init"}')
            assert await ws.receive_json() == {"type": "connection_error", "payload": {"errors": [error]}}
            assert (await ws.receive()).type is aiohttp.WSMsgType.CLOSE
