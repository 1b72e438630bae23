"""The sockets of the realtime protocol: carries out what `protocol.Connection` decides, and delivers.

Per connection there is one reader, which carries out actions in order, one bounded queue and one writer, and
a task for each `start` that is being judged. Nobody waits for somebody else's socket: whoever lets his queue
overflow is cut off.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from aiohttp import WSMsgType, web

from simulator.auth.authorization import Authorization, Credentials
from simulator.auth.sigv4 import SignedRequest
from simulator.authorizer import Grant
from simulator.context import Call, Headers, addresses
from simulator.execution import Api, GraphqlRequest
from simulator.limits import Limits
from simulator.protocol import (
    Action,
    Close,
    Connection,
    ConnectionRefusal,
    Send,
    Subscribe,
    Unsubscribe,
    data_prefix,
)
from simulator.refusals import RequestRefused, SubscriptionRefused, UnsupportedOperation

log = logging.getLogger(__name__)

BURST = 16
"""How many backlogs may be put before the writer gets its turn: 200 subscriptions share a connection."""


@dataclass(slots=True)
class Outbound:
    """Frames waiting for one socket. `socket` must be prepared."""

    socket: web.WebSocketResponse
    transport: asyncio.Transport
    limits: Limits
    _frames: deque[bytes] = field(default_factory=deque)
    _bytes: int = 0
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _closing: int | None = None
    _is_waiting: bool = False

    def put(self, frame: bytes) -> None:
        """Never waits. A connection that has too much before it is aborted: its client reads too slowly."""
        if self.transport.is_closing():
            return
        self._frames.append(frame)
        self._bytes += len(frame)
        fill = max(len(self._frames) / self.limits.backlog_frames, self._bytes / self.limits.backlog_bytes)
        # A burst may come before the writer's turn; only a writer that is waiting for its socket shows a slow
        # client.
        if fill > (1 if self._is_waiting else BURST):
            log.warning(
                "connection aborted: its client reads too slowly", extra={"frames": len(self._frames)}
            )
            self._frames.clear()
            self._bytes = 0
            self.transport.abort()
        self._news.set()

    def close(self, code: int) -> None:
        """After what is waiting has been written."""
        self._closing = code
        self._news.set()

    async def write(self) -> None:
        """Writes until closed or cut off."""
        try:
            while True:
                while self._frames:
                    frame = self._frames.popleft()
                    self._bytes -= len(frame)
                    self._is_waiting = True
                    await self.socket.send_frame(frame, WSMsgType.TEXT)
                    self._is_waiting = False
                if self._closing is not None:
                    await self.socket.close(code=self._closing)
                    return
                self._news.clear()
                await self._news.wait()
        except ConnectionError:
            return  # the reader sees the end of the socket and takes everything down


@dataclass(frozen=True, slots=True)
class Handshake:
    """What a connection began with, and who judges it and each of its starts.

    `headers`: as a resolver sees them. `host`: whom the client asked, which a signature has to name. Signatures
    are over a POST to the GraphQL address whatever the path of the handshake was:
    https://docs.aws.amazon.com/appsync/latest/devguide/real-time-websocket-client.html#iam.
    """

    authorization: Authorization
    headers: Headers
    host: str

    async def refusal(self, found: Mapping[str, str]) -> ConnectionRefusal | None:
        """Why a connection with these credentials is refused, or None."""
        try:
            await self.authorization.judge(self._credentials(found, "/graphql/connect", "{}"))
        except RequestRefused as error:
            return ConnectionRefusal(error.status, error.error_type, error.message)
        return None

    async def grant(self, start: Subscribe) -> Grant:
        """Raises `RequestRefused`."""
        return await self.authorization.judge(
            self._credentials(start.authorization, "/graphql", start.data),
            query=start.query,
            operation_name=start.operation_name,
            variables=start.variables,
        )

    def _credentials(self, found: Mapping[str, str], path: str, body: str) -> Credentials:
        request = SignedRequest("POST", path, "", found, body.encode(), self.host)
        return Credentials(request, {**self.headers, **found}, addresses(self.headers), realtime=True)


@dataclass(slots=True)
class Session:
    """One connection between its handshake and its end."""

    api: Api
    handshake: Handshake
    limits: Limits
    connection: Connection
    outbound: Outbound
    _live: dict[int, object] = field(default_factory=dict)
    _starts: dict[int, asyncio.Task[None]] = field(default_factory=dict)

    async def run(self, socket: web.WebSocketResponse) -> None:
        helpers = [asyncio.create_task(self.outbound.write()), asyncio.create_task(self._keep_time())]
        try:
            self._carry_out(self.connection.opened())
            await self._read(socket)
        finally:
            self.connection.closed = True
            for handle in self._live.values():
                self.api.subscriptions.remove(handle)
            for task in (*helpers, *self._starts.values()):
                task.cancel()
            await asyncio.gather(*helpers, *self._starts.values(), return_exceptions=True)

    async def _read(self, socket: web.WebSocketResponse) -> None:
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                self._carry_out(self.connection.receive_text(message.data))
            elif message.type is WSMsgType.BINARY:
                self._carry_out(self.connection.receive_binary())

    async def _keep_time(self) -> None:
        if self.connection.refusal:
            await asyncio.sleep(self.limits.refusal_grace)
            self._carry_out(self.connection.silence_is_over())
        while not self.connection.closed:
            await asyncio.sleep(self.limits.keep_alive)
            self._carry_out(self.connection.keep_alive_due())

    def _carry_out(self, actions: Sequence[Action]) -> None:
        for action in actions:
            match action:
                case Send(text):
                    self.outbound.put(text.encode())
                case Subscribe():
                    task = self._starts[action.ticket] = asyncio.create_task(self._start(action))
                    task.add_done_callback(partial(self._judged, action.ticket))
                case Unsubscribe(ticket):
                    self.api.subscriptions.remove(self._live.pop(ticket, None))
                    if ticket in self._starts:
                        self._starts[ticket].cancel()
                case Close(code):
                    self.outbound.close(code)

    async def _start(self, start: Subscribe) -> None:
        """The edge of a start: whatever happens, it is answered."""
        try:
            self._carry_out(await self._judge(start))
        except Exception:
            log.exception("start failed")
            entry = {"errorType": "InternalFailure", "message": "Internal failure."}
            self._carry_out(self.connection.subscription_refused(start, [entry]))

    def _judged(self, ticket: int, _task: object) -> None:
        del self._starts[ticket]

    async def _judge(self, start: Subscribe) -> Sequence[Action]:
        request = GraphqlRequest(start.query, start.variables, start.operation_name)
        # Unproven whether a resolver sees the headers of the handshake or those of `start`: here both, the
        # latter first.
        headers = {**self.handshake.headers, **start.authorization}
        try:
            grant = await self.handshake.grant(start)
            selection = await self.api.subscribe(request, Call(headers, grant, start.variables))
        except UnsupportedOperation as error:
            return self.connection.not_a_subscription(start, error.kind)
        except SubscriptionRefused as error:
            return self.connection.subscription_refused(start, error.errors)
        except RequestRefused as error:
            entry = {"errorType": error.error_type, "message": error.message}
            return self.connection.subscription_refused(start, [entry])
        acknowledgement = self.connection.subscribed(start)
        if acknowledgement:
            # In one step with putting `start_ack` into the queue: no event is lost, and none overtakes it.
            prefix = data_prefix(start.id)
            self._live[start.ticket] = self.api.subscriptions.add(
                selection, lambda payload: self.outbound.put(b"%b%b}" % (prefix, payload))
            )
        return acknowledgement
