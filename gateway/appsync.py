"""AppSync's requests over HTTP, and its refusals."""

import asyncio
import json
import logging
import random
import re
import time
from collections.abc import Mapping
from typing import Any, Protocol

import aiohttp

from chat.rules.trace import trace_id
from gateway.breaker import Breaker
from gateway.documents import Document
from gateway.server_frames import Refusal

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


class Authorization(Protocol):
    """How the API is told who asks. Raises `UpstreamRefused` where there is nothing to tell it."""

    async def of_request(self, url: str, body: bytes) -> Mapping[str, str]:
        """The headers of a POST of JSON, `body`, to `url`."""

    async def of_realtime(self, url: str, body: bytes) -> Mapping[str, str]:
        """The same for the realtime protocol, whose frames carry these fields beside `host`."""


class AppSync:
    """One API. Raises `UpstreamRefused` for whatever is not an answer."""

    def __init__(self, url: str, http: aiohttp.ClientSession, breaker: Breaker, prefix: str = "") -> None:
        """`prefix`: of the API's fields and types (`gateway/documents.py`)."""
        self._url, self._http, self._breaker, self._prefix = url, http, breaker, prefix
        self._turns = asyncio.Semaphore(MAX_REQUESTS)
        self.requests = 0

    async def ask(
        self,
        document: Document,
        variables: Mapping[str, Any],
        authorization: Authorization,
        traceparent: str | None = None,
    ) -> Any:
        """The value of the document's one field. `traceparent`: of W3C's form, of the trace that this is a part of, which
        is logged then."""
        if traceparent is None:
            return await self._ask(document, variables, authorization, None)
        began, outcome = time.monotonic(), "InternalError"
        try:
            answer = await self._ask(document, variables, authorization, traceparent)
            outcome = "ok"
            return answer
        except UpstreamRefused as refused:
            outcome = refused.refusal.code
            raise
        finally:
            seconds = round(time.monotonic() - began, 3)
            about = {"field": document.field, "trace_id": trace_id(traceparent, None)}
            log.info("asked", extra={**about, "outcome": outcome, "seconds": seconds})

    async def _ask(
        self,
        document: Document,
        variables: Mapping[str, Any],
        authorization: Authorization,
        traceparent: str | None,
    ) -> Any:
        given = {name: value for name, value in variables.items() if value is not None}
        async with self._turns:
            if not self._breaker.allows():
                raise UpstreamRefused(UNAVAILABLE)
            self.requests += 1
            try:
                query = document.with_prefix(self._prefix)
                question = {"query": query, "variables": given}
                answer = await self._post(question, authorization, traceparent)
            except (aiohttp.ClientError, TimeoutError, ValueError):
                self._breaker.failed()
                raise UpstreamRefused(UNAVAILABLE) from None
            except BaseException:
                self._breaker.abandoned()
                raise
        self._breaker.succeeded()
        return value_of(answer)

    async def _post(
        self, question: Mapping[str, Any], authorization: Authorization, traceparent: str | None
    ) -> Any:
        """Raises `ClientError`, `TimeoutError` and `ValueError` where AppSync did not answer as it does
        when it is well."""
        body = json.dumps(question).encode()
        async with self._http.post(
            self._url,
            data=body,
            headers={
                "Content-Type": "application/json",
                **({"traceparent": traceparent} if traceparent else {}),
                **await authorization.of_request(self._url, body),
            },
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
    whatever became of the type. AppSync's own types may follow the name of their module and `#`."""
    text = str(message or "")
    found = _VALUES.search(text)
    if not found:
        return Refusal(
            str(error_type or "InternalError").rpartition("#")[2], text or "Something went wrong.", {}
        )
    values = dict(part.split("=", 1) for part in found[2].split())
    return Refusal(found[1], text, {k: int(v) if v.isdigit() else v for k, v in values.items()})


def jittered(attempt: int, longest: float = 10.0) -> float:
    """Full jitter: how many seconds to wait before attempt `attempt` (0 first)."""
    return float(random.random() * min(longest, 0.1 * 2**attempt))  # noqa: S311  jitter
