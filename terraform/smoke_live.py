"""That what is sent arrives live, for `smoke.py`: a subscription is opened, a message sent, and waited for. Needs aiohttp.

https://docs.aws.amazon.com/appsync/latest/devguide/real-time-websocket-client.html
"""
# ruff: noqa: INP001  beside a program of its own

import asyncio
from collections.abc import Callable
from urllib.parse import urlsplit

import aiohttp

from proving.realtime_protocol import Connection, init, start, subprotocols

PATIENCE_S = 30.0
WATCH = """subscription ($room: ID!, $epoch: Int) {
  onMessage(roomId: $room, epoch: $epoch) {
    id roomId senderId text ts seq epoch clientMessageId rev editedAt removedAt version
  }
}"""


def heard(
    url: str, realtime: str, token: str, room: str, epoch: int, name: str, send: Callable[[], object]
) -> None:
    """Subscribes to `room` in its `epoch`, calls `send`, and waits for the message that it names `name`.

    `url`: where queries go, whose host the credentials are for. `realtime`: of the WebSocket. Raises `AssertionError` with what
    did not come, or was said instead.
    """
    try:
        asyncio.run(_heard(url, realtime, token, room, epoch, name, send))
    except (aiohttp.ClientError, ConnectionError) as error:
        raise AssertionError(f"{realtime} takes no connection: {type(error).__name__}") from None


async def _heard(
    url: str, realtime: str, token: str, room: str, epoch: int, name: str, send: Callable[[], object]
) -> None:
    authorization = {"host": urlsplit(url).netloc, "Authorization": token}
    connection = Connection()
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=PATIENCE_S)
    async with (
        aiohttp.ClientSession(timeout=timeout) as http,
        http.ws_connect(realtime, protocols=subprotocols(authorization)) as socket,
    ):
        await socket.send_str(init())
        await _until(socket, connection, "connection_ack", lambda: connection.ack is not None)
        await socket.send_str(start("smoke", WATCH, {"room": room, "epoch": epoch}, authorization))
        await _until(socket, connection, "start_ack", lambda: "smoke" in connection.acknowledged)
        await asyncio.to_thread(send)
        await _until(socket, connection, "the message that was sent", lambda: _names(connection, name))


def _names(connection: Connection, name: str) -> bool:
    return any(
        ((event.get("data") or {}).get("onMessage") or {}).get("clientMessageId") == name
        for event in connection.events.get("smoke", ())
    )


async def _until(
    socket: aiohttp.ClientWebSocketResponse, connection: Connection, what: str, came: Callable[[], bool]
) -> None:
    """Reads frames until it came. Raises `AssertionError` for a refusal, the socket's end, and too long a wait."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not came():
                message = await socket.receive()
                if message.type is not aiohttp.WSMsgType.TEXT:
                    raise AssertionError(f"The WebSocket ended before {what} came.")
                connection.receive(message.data)
                if refusal := connection.refusal or connection.refused.get("smoke"):
                    raise AssertionError(f"In place of {what} came a refusal: {refusal}")
    except TimeoutError:
        raise AssertionError(f"No {what} within {PATIENCE_S:.0f} s.") from None
