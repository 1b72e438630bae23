"""AppSync, as the gateway uses it: requests over HTTP, and a pool of realtime connections shared by rooms."""

import asyncio
import base64
import binascii
import json
import logging
import random
import re
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from gateway import upstream_protocol as protocol
from gateway.breaker import Breaker
from gateway.frames import Refusal
from gateway.settings import BadSettings

log = logging.getLogger(__name__)

MAX_SUBSCRIPTIONS = 200
"""AppSync's limit for one connection (https://docs.aws.amazon.com/general/latest/gr/appsync.html)."""

AT_ONCE = 200
"""How many requests are underway at once. What waits for its turn is not late yet: a thousand who come back together would else
time out, and open the breaker, by their number alone."""

REQUEST_SECONDS = 10.0
ACKNOWLEDGE_SECONDS = 15.0
_VALUES = re.compile(r"\[code=(\w+)((?: \w+=\S+)*)\]$")

UNAVAILABLE = Refusal("ServiceUnavailable", "The chat cannot be reached just now.", {})


class UpstreamRefused(Exception):
    """The chat refused; `refusal` says by what name and why."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


class ServiceToken:
    """The service's own token, read again when it is about to end; one that cannot be read now may be in a moment."""

    def __init__(self, read: Callable[[], str]) -> None:
        self._read = read
        self._token, self._until = "", 0.0

    def __call__(self) -> str:
        if time.time() > self._until - 60:
            try:
                self._token = self._read()
            except BadSettings:
                log.exception("service token cannot be read")
            self._until = _expiry(self._token)
        if not self._token:
            raise UpstreamRefused(UNAVAILABLE)
        return self._token

    @property
    def is_over(self) -> bool:
        """Whether the token that was read last has ended: no room can be heard until there is another."""
        return bool(self._until) and time.time() > self._until


class AppSync:
    """One API. Raises `UpstreamRefused` for whatever is not an answer."""

    def __init__(self, url: str, session: aiohttp.ClientSession, breaker: Breaker) -> None:
        self._url, self._session, self._breaker = url, session, breaker
        self._turns = asyncio.Semaphore(AT_ONCE)
        self.requests = 0

    async def ask(self, document: str, variables: Mapping[str, Any], token: str) -> Any:
        """The value of the document's one field."""
        given = {name: value for name, value in variables.items() if value is not None}
        async with self._turns:
            if not self._breaker.allows():
                raise UpstreamRefused(UNAVAILABLE)
            self.requests += 1
            try:
                answer = await self._post({"query": document, "variables": given}, token)
            except (aiohttp.ClientError, TimeoutError, ValueError):
                self._breaker.failed()
                raise UpstreamRefused(UNAVAILABLE) from None
            except asyncio.CancelledError:
                self._breaker.abandoned()
                raise
        self._breaker.succeeded()
        return value_of(answer)

    async def _post(self, body: Mapping[str, Any], token: str) -> Any:
        """Raises `ClientError`, `TimeoutError` and `ValueError` where AppSync did not answer as it does when it is well."""
        async with self._session.post(
            self._url,
            json=body,
            headers={"Authorization": token},
            timeout=aiohttp.ClientTimeout(total=REQUEST_SECONDS),
        ) as response:
            if response.status == 429 or response.status >= 500:
                raise ValueError(response.status)
            return await response.json()


def value_of(answer: Any) -> Any:
    """The value of an answer's one field. Raises `UpstreamRefused` for a refusal, and for what is no answer of GraphQL."""
    match answer:
        case {"errors": [{**first}, *_]}:
            raise UpstreamRefused(refusal_of(first.get("errorType"), first.get("message")))
        case {"data": {**fields}} if fields:
            return next(iter(fields.values()))
    raise UpstreamRefused(UNAVAILABLE)


def refusal_of(error_type: object, message: object) -> Refusal:
    """An entry of `errors[]` as a refusal: the name and the values stand in the message's brackets, whatever became of the type."""
    text = str(message or "")
    found = _VALUES.search(text)
    if not found:
        return Refusal(str(error_type or "InternalError"), text or "Something went wrong.", {})
    values = dict(part.split("=", 1) for part in found[2].split())
    return Refusal(found[1], text, {k: int(v) if v.isdigit() else v for k, v in values.items()})


class Subscription:
    """One live subscription. `heard` is called for each event, `ended` once, when nothing more will come."""

    def __init__(self, heard: Callable[[Mapping[str, Any]], None], ended: Callable[[], None]) -> None:
        self.id = str(uuid.uuid4())
        self.heard, self.ended = heard, ended
        self.accepted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.link: Link | None = None

    def close(self) -> None:
        if self.link is not None:
            self.link.stop(self)


class Link:
    """One realtime connection."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, host: str) -> None:
        self._socket, self._host = socket, host
        self.subscriptions: dict[str, Subscription] = {}
        self.is_open = True
        self._silence_s = 300.0

    async def start(
        self, subscription: Subscription, query: str, variables: Mapping[str, Any], token: str
    ) -> None:
        self.subscriptions[subscription.id] = subscription
        subscription.link = self
        try:
            await self._socket.send_str(protocol.start(subscription.id, query, variables, self._host, token))
            await asyncio.wait_for(subscription.accepted, ACKNOWLEDGE_SECONDS)
        except (ConnectionError, TimeoutError, RuntimeError):
            self.subscriptions.pop(subscription.id, None)
            raise UpstreamRefused(UNAVAILABLE) from None

    def stop(self, subscription: Subscription) -> None:
        if self.subscriptions.pop(subscription.id, None) and self.is_open:
            task = asyncio.create_task(self._send(protocol.stop(subscription.id)))
            task.add_done_callback(lambda done: done.exception())

    async def _send(self, text: str) -> None:
        with suppress(ConnectionError, RuntimeError):
            await self._socket.send_str(text)

    async def read(self) -> None:
        """Until the connection ends, or nothing was heard for too long."""
        try:
            while True:
                frame = await asyncio.wait_for(self._socket.receive(), self._silence_s)
                if frame.type is not aiohttp.WSMsgType.TEXT:
                    return
                self._receive(frame.data)
        except (TimeoutError, ConnectionError):
            return
        finally:
            self.is_open = False
            await self._socket.close()
            for subscription in list(self.subscriptions.values()):
                self._end(subscription)

    def _receive(self, text: str) -> None:
        event = protocol.receive(text)
        if isinstance(event, protocol.Ready):
            self._silence_s = min(event.timeout_s, 1.5 * protocol.KEEP_ALIVE_S)
            return
        subscription = self.subscriptions.get(getattr(event, "id", None) or "")
        if subscription is None:
            return
        match event:
            case protocol.Data():
                subscription.heard(event.value)
            case protocol.Accepted():
                if not subscription.accepted.done():
                    subscription.accepted.set_result(None)
            case protocol.Refused():
                del self.subscriptions[subscription.id]
                if not subscription.accepted.done():
                    refusal = refusal_of(event.error_type, event.message)
                    subscription.accepted.set_exception(UpstreamRefused(refusal))
            case protocol.Completed():
                del self.subscriptions[subscription.id]
                self._end(subscription)

    def _end(self, subscription: Subscription) -> None:
        if not subscription.accepted.done():
            subscription.accepted.set_exception(UpstreamRefused(UNAVAILABLE))
            subscription.accepted.exception()  # whoever waits hears of it; nobody may
        subscription.ended()


class Realtime:
    """The pool. `subscribe` finds a connection with room, or opens one."""

    def __init__(
        self, url: str, session: aiohttp.ClientSession, token: Callable[[], str], breaker: Breaker
    ) -> None:
        self._address, self._host = protocol.realtime_address(url), urlsplit(url).netloc
        self._session, self._token, self._breaker = session, token, breaker
        self._links: list[Link] = []
        self._readers: set[asyncio.Task[None]] = set()
        self._opening = asyncio.Lock()

    @property
    def connections(self) -> int:
        return sum(link.is_open for link in self._links)

    @property
    def subscriptions(self) -> int:
        return sum(len(link.subscriptions) for link in self._links)

    async def subscribe(self, subscription: Subscription, query: str, variables: Mapping[str, Any]) -> None:
        """Live when this returns. Raises `UpstreamRefused`."""
        link = await self._link()
        await link.start(subscription, query, variables, self._token())

    async def _link(self) -> Link:
        async with self._opening:
            self._links = [link for link in self._links if link.is_open]
            for link in self._links:
                if len(link.subscriptions) < MAX_SUBSCRIPTIONS:
                    return link
            if not self._breaker.allows():
                raise UpstreamRefused(UNAVAILABLE)
            try:
                link = await self._open()
            except (aiohttp.ClientError, TimeoutError, OSError):
                self._breaker.failed()
                raise UpstreamRefused(UNAVAILABLE) from None
            except asyncio.CancelledError:
                self._breaker.abandoned()
                raise
            self._breaker.succeeded()
            self._links.append(link)
            return link

    async def _open(self) -> Link:
        socket = await asyncio.wait_for(
            self._session.ws_connect(
                self._address,
                protocols=protocol.subprotocols(self._host, self._token()),
                max_msg_size=1_048_576,
                heartbeat=20.0,
                compress=0,
            ),
            ACKNOWLEDGE_SECONDS,
        )
        await socket.send_str(protocol.init())
        link = Link(socket, self._host)
        reader = asyncio.create_task(link.read())
        self._readers.add(reader)
        reader.add_done_callback(self._readers.discard)
        log.info("upstream connection opened")
        return link

    async def close(self) -> None:
        for reader in list(self._readers):
            reader.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)


def jittered(attempt: int, longest: float = 10.0) -> float:
    """Full jitter: how many seconds to wait before attempt `attempt` (0 first)."""
    return float(random.random() * min(longest, 0.1 * 2**attempt))  # noqa: S311  jitter


def _expiry(token: str) -> float:
    """`exp` of a JWT, unverified: whoever is asked verifies it. 0 when there is none to be seen."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return float(claims["exp"])
    except (IndexError, KeyError, ValueError, TypeError, binascii.Error):
        return 0.0
