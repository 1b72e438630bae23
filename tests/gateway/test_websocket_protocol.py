"""What `gateway/websocket_protocol.py` relies on in uvicorn: an upgrade that renames or changes one of these
fails here, by its name.

uvicorn promises none of it. Where one of these tests fails, read its changes to `WebSocketsSansIOProtocol`
before mending the name.
"""

import ast
import asyncio
import inspect
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.frames import Frame, Opcode

from gateway import websocket_protocol
from gateway.client_transport import ClientTransport
from gateway.websocket_protocol import EXTENSION, GatewayProtocol

OVERRIDDEN = {
    "connection_lost": ["exc"],
    "data_received": ["data"],
    "handle_connect": ["event"],
    "handle_cont": ["event"],
    "handle_ping": [],
    "handle_pong": ["event"],
    "keepalive_timeout": [],
    "pause_writing": [],
    "schedule_ping": [],
}
"""Methods of uvicorn's that are overridden, with their parameters beside `self`."""

CALLED = {"schedule_ping", "send_keepalive_ping"}
"""Methods of uvicorn's that are called."""

ATTRIBUTES = {
    "app_state", "conn", "handshake_complete", "handshake_initiated", "loop", "ping_interval", "ping_timer", "pong_timer", "read_paused", "request",
    "response", "scope", "transport", "writable",
}  # fmt: skip
"""What is read or set on uvicorn's protocol."""

OURS = {"client_transport", "control_tat", "max_buffer_bytes", "_charge", "_forget_handshake"}

HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


class Transport:
    """As much of asyncio's as the protocol touches."""

    def __init__(self) -> None:
        self.written = b""
        self.high = 0
        self.aborts = 0
        self.is_closed = False

    def write(self, data: bytes) -> None:
        self.written += data

    def set_write_buffer_limits(self, high: int) -> None:
        self.high = high

    def get_extra_info(self, _name: str) -> None:
        return None

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass

    def is_closing(self) -> bool:
        return self.is_closed or self.aborts > 0

    def close(self) -> None:
        self.is_closed = True

    def abort(self) -> None:
        self.aborts += 1


class Connection:
    """A protocol whose application accepts and then waits, and its transport."""

    def __init__(self, protocol: type[WebSocketsSansIOProtocol] = GatewayProtocol) -> None:
        self.extension: Any = None
        self.accepted = asyncio.Event()
        config = uvicorn.Config(
            self._application, interface="asgi3", ws_ping_interval=20.0, ws_ping_timeout=20.0, log_config=None
        )
        config.load()
        self.state = ServerState()
        self.protocol = protocol(config, self.state, {})
        self.transport = Transport()
        transport: Any = self.transport
        self.protocol.connection_made(transport)

    async def _application(self, scope: Any, receive: Any, send: Any) -> None:
        self.extension = scope["extensions"].get(EXTENSION)
        await receive()
        await send({"type": "websocket.accept", "subprotocol": None, "headers": []})
        self.accepted.set()
        while (await receive())["type"] != "websocket.disconnect":
            pass

    async def opened(self) -> "Connection":
        self.protocol.data_received(HANDSHAKE)
        async with asyncio.timeout(10):
            await self.accepted.wait()
        return self

    async def end(self) -> None:
        self.protocol.connection_lost(None)
        await asyncio.gather(*self.state.tasks)


def frame(opcode: Opcode, *, fin: bool = True) -> bytes:
    return Frame(opcode, b"x", fin).serialize(mask=True)


@pytest.mark.parametrize("name", sorted(OVERRIDDEN))
def test_uvicorn_has_the_method_that_is_overridden_with_the_same_parameters(name: str) -> None:
    theirs = getattr(WebSocketsSansIOProtocol, name, None)
    assert theirs is not None, f"uvicorn's protocol has no {name} any more"
    assert list(inspect.signature(theirs).parameters)[1:] == OVERRIDDEN[name]


@pytest.mark.parametrize("name", sorted(CALLED))
def test_uvicorn_has_the_method_that_is_called_without_arguments(name: str) -> None:
    theirs = getattr(WebSocketsSansIOProtocol, name, None)
    assert theirs is not None, f"uvicorn's protocol has no {name} any more"
    assert list(inspect.signature(theirs).parameters) == ["self"]


async def test_uvicorn_sets_the_attributes_that_are_touched() -> None:
    connection = await Connection(WebSocketsSansIOProtocol).opened()
    assert ATTRIBUTES - vars(connection.protocol).keys() == set(), "uvicorn's protocol has these no more"
    await connection.end()


def test_nothing_else_of_uvicorns_is_touched() -> None:
    """So that the lists above are complete."""
    source = Path(websocket_protocol.__file__).read_text(encoding="utf-8")
    touched = {
        node.attr
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"
    }
    assert touched == ATTRIBUTES | CALLED | OURS


async def test_the_application_finds_its_clients_transport_with_the_limit_set() -> None:
    connection = await Connection().opened()
    assert isinstance(connection.extension, ClientTransport)
    assert connection.transport.high == GatewayProtocol.max_buffer_bytes
    connection.extension.write(b"straight")
    assert connection.transport.written.endswith(b"straight")
    await connection.end()


async def test_the_handshakes_headers_can_be_forgotten_once_it_is_answered() -> None:
    connection = await Connection().opened()
    protocol = connection.protocol
    assert "Upgrade" in protocol.request.headers
    connection.extension.forget_handshake()
    assert not protocol.request.headers
    assert not protocol.response.headers
    await connection.end()


async def test_a_full_transport_clears_writable_and_reports_a_slow_client() -> None:
    connection, reports = await Connection().opened(), list[str]()
    connection.extension.on_slow = lambda: reports.append("slow")
    assert connection.protocol.writable.is_set()
    connection.protocol.pause_writing()
    assert (connection.protocol.writable.is_set(), reports) == (False, ["slow"])
    connection.protocol.resume_writing()
    assert connection.protocol.writable.is_set()
    await connection.end()


async def test_a_lost_connection_is_reported_and_not_written_to() -> None:
    connection, reports = await Connection().opened(), list[str]()
    connection.extension.on_lost = lambda: reports.append("lost")
    before = connection.transport.written
    await connection.end()
    connection.extension.write(b"too late")
    assert (reports, connection.transport.written) == (["lost"], before)


@pytest.mark.parametrize("opcode", [Opcode.PING, Opcode.PONG, Opcode.CONT], ids=lambda opcode: opcode.name)
async def test_each_frame_that_is_none_of_ours_goes_through_its_handler_and_is_counted(
    opcode: Opcode,
) -> None:
    connection = await Connection().opened()
    if opcode is Opcode.CONT:
        connection.protocol.data_received(frame(Opcode.TEXT, fin=False))
    one = frame(opcode, fin=opcode is not Opcode.CONT)
    connection.protocol.data_received(one * 50)
    assert connection.transport.aborts == 0
    connection.protocol.data_received(one * 100)
    assert connection.transport.aborts > 0
    await connection.end()


async def test_pings_are_spread_and_sent_by_uvicorns_timer() -> None:
    connection = await Connection().opened()
    protocol = connection.protocol
    assert protocol.ping_timer is not None, "accepting starts the pings"
    wait = protocol.ping_timer.when() - protocol.loop.time()
    assert 0.7 * 20.0 < wait <= 20.0
    protocol.ping_timer.cancel()
    protocol.send_keepalive_ping()
    assert protocol.pong_timer is not None
    assert connection.transport.written.endswith(b"\x89\x04" + (protocol.pending_ping_payload or b""))
    await connection.end()


async def test_a_client_whose_frames_are_still_to_be_carried_out_is_not_taken_for_dead() -> None:
    connection = await Connection().opened()
    protocol = connection.protocol
    protocol.data_received(frame(Opcode.TEXT))
    assert protocol.read_paused, "uvicorn reads no further until the application has taken the message"
    protocol.keepalive_timeout()
    assert not connection.transport.is_closing()
    assert protocol.ping_timer is not None
    protocol.read_paused = False
    protocol.keepalive_timeout()
    assert connection.transport.is_closing()
    await connection.end()
