"""AppSync's requests over HTTP, and its refusals."""

import asyncio
import base64
import binascii
import json
import logging
import random
import re
import time
from collections.abc import Callable, Mapping
from typing import Any

import aiohttp

from gateway.breaker import Breaker
from gateway.server_frames import Refusal
from gateway.settings import BadSettings

log = logging.getLogger(__name__)

MAX_REQUESTS = 200
"""How many requests are underway at once. What waits for its turn has not timed out yet: a thousand who
come back together would else open the breaker by their number alone."""

REQUEST_SECONDS = 10.0
_VALUES = re.compile(r"\[code=(\w+)((?: \w+=\S+)*)\]$")

UNAVAILABLE = Refusal("ServiceUnavailable", "The chat cannot be reached just now.", {})


class UpstreamRefused(Exception):
    """The chat refused; `refusal` says by what name and why."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


class ServiceToken:
    """The service's own token, read again when it is about to end; one that cannot be read now may be in a
    moment."""

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
        """Whether the token that was read last has ended: no room can be received until there is another."""
        return bool(self._until) and time.time() > self._until


class AppSync:
    """One API. Raises `UpstreamRefused` for whatever is not an answer."""

    def __init__(self, url: str, http: aiohttp.ClientSession, breaker: Breaker) -> None:
        self._url, self._http, self._breaker = url, http, breaker
        self._turns = asyncio.Semaphore(MAX_REQUESTS)
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
            except BaseException:
                self._breaker.abandoned()
                raise
        self._breaker.succeeded()
        return value_of(answer)

    async def _post(self, body: Mapping[str, Any], token: str) -> Any:
        """Raises `ClientError`, `TimeoutError` and `ValueError` where AppSync did not answer as it does
        when it is well."""
        async with self._http.post(
            self._url,
            json=body,
            headers={"Authorization": token},
            timeout=aiohttp.ClientTimeout(total=REQUEST_SECONDS),
        ) as response:
            if response.status == 429 or response.status >= 500:
                raise ValueError(response.status)
            return await response.json()


def value_of(answer: Any) -> Any:
    """The value of an answer's one field. Raises `UpstreamRefused` for a refusal, and for what is no
    answer of GraphQL."""
    match answer:
        case {"errors": [{**first}, *_]}:
            raise UpstreamRefused(refusal_of(first.get("errorType"), first.get("message")))
        case {"data": {**fields}} if fields:
            return next(iter(fields.values()))
    raise UpstreamRefused(UNAVAILABLE)


def refusal_of(error_type: object, message: object) -> Refusal:
    """An entry of `errors[]` as a refusal: the name and the values stand in the message's brackets,
    whatever became of the type."""
    text = str(message or "")
    found = _VALUES.search(text)
    if not found:
        return Refusal(str(error_type or "InternalError"), text or "Something went wrong.", {})
    values = dict(part.split("=", 1) for part in found[2].split())
    return Refusal(found[1], text, {k: int(v) if v.isdigit() else v for k, v in values.items()})


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
