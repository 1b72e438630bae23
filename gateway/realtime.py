"""AppSync's realtime side: a pool of connections that rooms share."""

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from gateway import upstream_protocol as protocol
from gateway.appsync import UNAVAILABLE, Authorization, UpstreamRefused, refusal_of
from gateway.breaker import Breaker
from gateway.documents import Document
from gateway.server_frames import Refusal

log = logging.getLogger(__name__)

MAX_SUBSCRIPTIONS = 200
"""AppSync's limit for one connection (https://docs.aws.amazon.com/general/latest/gr/appsync.html)."""

ACKNOWLEDGE_SECONDS = 15.0
FULL = "MaxSubscriptionsReachedError"


OnEvent = Callable[[Mapping[str, Any]], None]
Authorize = Callable[[], Awaitable[Mapping[str, str]]]


class Subscription:
    """One live subscription. `on_event` is called for each event, `on_end` once, when nothing more will
    come."""

    def __init__(self, on_event: OnEvent, on_end: Callable[[], None]) -> None:
        self.id = str(uuid.uuid4())
        self.on_event, self.on_end = on_event, on_end
        self.accepted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.connection: RealtimeConnection | None = None

    def close(self) -> None:
        if self.connection is not None:
            self.connection.stop(self)


class RealtimeConnection:
    """One, with the subscriptions on it."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self.subscriptions: dict[str, Subscription] = {}
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Whether AppSync has acknowledged the connection."""
        self.is_open = True
        self.is_full = False
        """Whether AppSync took no further subscription when it was asked last."""
        self._silence_s = 300.0

    async def start(self, subscription: Subscription, data: str, authorize: Authorize) -> None:
        """Take a place, authorize, and wait until it is live. Raises `UpstreamRefused`."""
        self.subscriptions[subscription.id] = subscription
        subscription.connection = self
        try:
            authorization = await authorize()
        except BaseException:
            self.subscriptions.pop(subscription.id, None)
            raise
        try:
            await self._socket.send_str(protocol.start(subscription.id, data, authorization))
            async with asyncio.timeout(ACKNOWLEDGE_SECONDS):
                await subscription.accepted
        except UpstreamRefused as refused:
            if refused.refusal.code != FULL:
                raise
            self.is_full = True
            raise UpstreamRefused(UNAVAILABLE) from None
        except (ConnectionError, TimeoutError, RuntimeError):
            self.is_full = True
            self.stop(subscription)
            raise UpstreamRefused(UNAVAILABLE) from None
        except asyncio.CancelledError:
            self.stop(subscription)
            raise

    def stop(self, subscription: Subscription) -> None:
        if self.subscriptions.pop(subscription.id, None) and self.is_open:
            self.is_full = False
            task = asyncio.create_task(self._send(protocol.stop(subscription.id)))
            task.add_done_callback(lambda done: done.exception())

    async def _send(self, text: str) -> None:
        with suppress(ConnectionError, RuntimeError):
            await self._socket.send_str(text)

    async def read(self) -> None:
        """Until the connection ends, or nothing came for too long."""
        try:
            while True:
                async with asyncio.timeout(self._silence_s):
                    frame = await self._socket.receive()
                if frame.type is not aiohttp.WSMsgType.TEXT:
                    return
                self._receive(frame.data)
        except (TimeoutError, ConnectionError):
            return
        finally:
            self.is_open = False
            self._refuse(UNAVAILABLE)
            for subscription in list(self.subscriptions.values()):
                self._end(subscription)
            await self._socket.close()

    def _receive(self, text: str) -> None:
        event = protocol.receive(text)
        match event:
            case protocol.Ready():
                self._silence_s = min(event.timeout_s, 1.5 * protocol.KEEP_ALIVE_S)
                if not self.ready.done():
                    self.ready.set_result(None)
            case protocol.Refused(None):
                self._refuse(refusal_of(event.error_type, event.message))
            case None:
                return
            case _:
                if subscription := self.subscriptions.get(event.id or ""):
                    self._pass_on(subscription, event)

    def _pass_on(self, subscription: Subscription, event: protocol.Event) -> None:
        match event:
            case protocol.Data():  # in a turn of its own: one room's fault does not end all the others
                asyncio.get_running_loop().call_soon(subscription.on_event, event.value)
            case protocol.Accepted():
                if not subscription.accepted.done():
                    subscription.accepted.set_result(None)
            case protocol.Refused():
                del self.subscriptions[subscription.id]
                if subscription.accepted.done():
                    self._end(subscription)
                else:
                    refusal = refusal_of(event.error_type, event.message)
                    subscription.accepted.set_exception(UpstreamRefused(refusal))
            case protocol.Completed():
                del self.subscriptions[subscription.id]
                self._end(subscription)

    def _refuse(self, refusal: Refusal) -> None:
        """The connection is not, or not any more, to be had."""
        if not self.ready.done():
            self.ready.set_exception(UpstreamRefused(refusal))
            self.ready.exception()  # nobody may be waiting for it

    def _end(self, subscription: Subscription) -> None:
        if not subscription.accepted.done():
            subscription.accepted.set_exception(UpstreamRefused(UNAVAILABLE))
            subscription.accepted.exception()  # nobody may be waiting for it
        subscription.on_end()


class Realtime:
    """The pool. `subscribe` finds a connection with room, or opens one. `prefix`: of the API's fields and
    types."""

    def __init__(
        self,
        url: str,
        http: aiohttp.ClientSession,
        authorization: Authorization,
        breaker: Breaker,
        prefix: str = "",
    ) -> None:
        self._url, self._http, self._breaker, self._prefix = url, http, breaker, prefix
        self._authorization = authorization
        self._connections: list[RealtimeConnection] = []
        self._readers: set[asyncio.Task[None]] = set()
        self._opening = asyncio.Lock()

    @property
    def connections(self) -> int:
        return sum(each.is_open for each in self._connections)

    @property
    def subscriptions(self) -> int:
        return sum(len(each.subscriptions) for each in self._connections)

    async def subscribe(
        self, subscription: Subscription, document: Document, variables: Mapping[str, Any]
    ) -> None:
        """Live when this returns. Raises `UpstreamRefused`."""
        data = protocol.data(document.with_prefix(self._prefix), variables)
        connection = await self._with_free_slot()
        await connection.start(subscription, data, partial(self._authorize, self._url, data))

    async def _authorize(self, url: str, body: str) -> Mapping[str, str]:
        """What stands in place of a request's headers. The host is the GraphQL endpoint's."""
        fields = await self._authorization.of_realtime(url, body.encode())
        return {"host": urlsplit(url).netloc, **fields}

    async def _with_free_slot(self) -> RealtimeConnection:
        async with self._opening:
            self._connections = [each for each in self._connections if each.is_open]
            for each in self._connections:
                if len(each.subscriptions) < MAX_SUBSCRIPTIONS and not each.is_full:
                    return each
            if not self._breaker.allows():
                raise UpstreamRefused(UNAVAILABLE)
            try:
                opened = await self._open()
            except (aiohttp.ClientError, TimeoutError, OSError):
                self._breaker.failed()
                raise UpstreamRefused(UNAVAILABLE) from None
            except BaseException:
                self._breaker.abandoned()
                raise
            self._breaker.succeeded()
            self._connections.append(opened)
            return opened

    async def _open(self) -> RealtimeConnection:
        async with asyncio.timeout(ACKNOWLEDGE_SECONDS):
            socket = await self._http.ws_connect(
                protocol.realtime_address(self._url),
                protocols=protocol.subprotocols(await self._authorize(f"{self._url}/connect", "{}")),
                max_msg_size=1_048_576,
                heartbeat=20.0,
                compress=0,
            )
        opened = RealtimeConnection(socket)
        reader = asyncio.create_task(opened.read())
        self._readers.add(reader)
        reader.add_done_callback(self._readers.discard)
        try:
            await socket.send_str(protocol.init())
            async with asyncio.timeout(ACKNOWLEDGE_SECONDS):
                await asyncio.shield(opened.ready)
        except BaseException:
            reader.cancel()
            raise
        log.info("upstream connection opened")
        return opened

    async def close(self) -> None:
        for reader in list(self._readers):
            reader.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)
