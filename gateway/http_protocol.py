"""uvicorn's HTTP protocol, with limits for those who are not known yet. With `gateway/websocket_protocol.py` it
is all that touches uvicorn's insides; tests/gateway/test_http_protocol.py names what this one relies on.

httptools sets no limit to a request line or headers, and uvicorn no time in which they have to come.
"""

import asyncio
import time

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.admission import ARRIVAL, Admission, AdmissionLimits, Arrival, address_of

MAX_REQUEST_BYTES = 16_384
"""Request line, headers and whatever follows them: no request to the gateway has a body."""

TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class HandshakeProtocol(HttpToolsProtocol):
    """Counts the connection in, limits its requests, and ends it when it has not brought one whole in time.
    A connection that becomes a WebSocket leaves here; its `Arrival` goes with it."""

    admission = Admission(AdmissionLimits())
    proxies = 0
    """How many proxies there are in front: with any, the peer's address says nothing of the client's."""

    arrival: Arrival
    deadline: asyncio.TimerHandle
    request_bytes = 0
    is_upgraded = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        address = address_of(self.client[0], [], 0) if self.client and not self.proxies else ""
        self.arrival = self.admission.arrived(address, time.monotonic(), transport.abort)
        self._watch_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        self.deadline.cancel()
        self.arrival.left()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        while data and not self.is_upgraded and not self.transport.is_closing():
            part = data[: MAX_REQUEST_BYTES - self.request_bytes]
            data = data[len(part) :]
            self.request_bytes += len(part)
            super().data_received(part)
            if self.request_bytes >= MAX_REQUEST_BYTES and not self.is_upgraded:
                self.transport.write(TOO_LARGE)
                self.transport.close()

    def on_message_complete(self) -> None:
        self.request_bytes = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self.arrival.since = time.monotonic()
        self.deadline.cancel()
        self._watch_deadline()

    def handle_websocket_upgrade(self) -> None:
        self.is_upgraded = True
        self.deadline.cancel()
        self.app_state = {**self.app_state, ARRIVAL: self.arrival}
        super().handle_websocket_upgrade()

    def _watch_deadline(self) -> None:
        self.deadline = self.loop.call_later(self.admission.limits.seconds, self.transport.abort)
