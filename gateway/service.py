"""The service's own identity at the API: what it asks in its own name, and whether the API takes it.

    starting ──taken──▶ None ──refused──▶ a fault ──taken──▶ None

A fault is told by one line of log, by `/readyz` and by a metric. While there is one, the API is asked again and
again, more and more seldom.
"""

import asyncio
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Literal

from gateway import documents
from gateway.appsync import UNAVAILABLE, AppSync, UpstreamRefused, jittered
from gateway.authorization import ServiceAuthorization
from gateway.documents import Document
from gateway.server_frames import Refusal

log = logging.getLogger(__name__)

Fault = Literal["starting", "credentials", "signature", "clock", "refused", "identity", "role", "schema"]

SENTENCES: Mapping[Fault, str] = {
    "starting": "the API was not asked yet",
    "credentials": "the service has no credentials, or they have ended: SERVICE_TOKEN, or the role of the task",
    "signature": "the API finds another signature: APPSYNC_URL, or APPSYNC_REGION",
    "clock": "the API finds the signature's time wrong: set the clock",
    "refused": "the API does not let the service in: its mode of authorization, or the role's policy",
    "identity": "the API does not know the service: a source in its IDENTITY",
    "role": "the service is not given a room of one of its clients: it lacks the role gateway",
    "schema": "the API has no such fields: SCHEMA_PREFIX, or the API's schema",
}
"""What each fault says in the log, and where to look."""

FAULTS: Mapping[str, Fault] = {
    "AccessDeniedException": "refused",
    "BadRequestException": "refused",
    "ExpiredTokenException": "credentials",
    "IdentityRefused": "identity",
    "IncompleteSignatureException": "signature",
    "InvalidSignatureException": "signature",
    "MissingAuthenticationTokenException": "signature",
    "Unauthorized": "refused",
    "UnauthorizedException": "refused",
    "UnrecognizedClientException": "credentials",
}
"""AppSync's refusals, and the chat's, that are about who asks."""

ROOM = "gateway-probe"
"""The room that is asked for where no client wants one. It need not be there: an API that says so took the service."""

LONGEST_SECONDS = 30.0
"""How long it takes at most until the API is asked again."""

ROLE_SECONDS = 60.0
"""After this long a missing role is taken as mended, until a client shows the contrary: nobody else can."""


def fault_of(refusal: Refusal) -> Fault | None:
    """What a refusal says of who asked; `None`: nothing, it is about something else."""
    text = refusal.message
    if refusal.is_of_schema:
        return "schema"
    if text.startswith(("Signature expired", "Signature not yet current")):
        return "clock"
    if "signature we calculated" in text:
        return "signature"
    return FAULTS.get(refusal.code)


class Service:
    """What the gateway asks in its own name."""

    def __init__(self, authorization: ServiceAuthorization, appsync: AppSync) -> None:
        self._authorization, self._appsync = authorization, appsync
        self._fault: Fault | None = "starting"
        self._told: Fault | None = "starting"
        self._refused = asyncio.Event()

    @property
    def fault(self) -> Fault | None:
        """Why the service receives no room; `None` where it does."""
        return "credentials" if self._authorization.is_over else self._fault

    async def ask(self, document: Document, variables: Mapping[str, Any]) -> Any:
        """The value of the document's one field. Raises `UpstreamRefused`."""
        with self.judged():
            return await self._appsync.ask(document, variables, self._authorization)

    @contextmanager
    def judged(self) -> Iterator[None]:
        """By what becomes of a request of the service it is known whether the API takes it."""
        try:
            yield
        except UpstreamRefused as refused:
            self._judge(refused.refusal)
            raise
        self._become(None)

    def lacks_role(self) -> None:
        """A client's person is in a room that the service was not given."""
        self._become("role")

    async def watch(self) -> None:
        """For ever: ask in the beginning, and while there is a fault."""
        attempt = 0
        while True:
            self._tell()
            if self.fault is None:
                attempt = 0
                with suppress(TimeoutError):
                    async with asyncio.timeout(LONGEST_SECONDS):
                        await self._refused.wait()
                self._refused.clear()
            elif self.fault == "role":
                await asyncio.sleep(ROLE_SECONDS)
                self._fault = None if self._fault == "role" else self._fault
            else:
                with suppress(UpstreamRefused):
                    await self.ask(documents.ROOM, {"room": ROOM})
                if self.fault is not None:
                    await asyncio.sleep(jittered(attempt, LONGEST_SECONDS))
                    attempt = min(attempt + 1, 20)

    def _judge(self, refusal: Refusal) -> None:
        if refusal.code == UNAVAILABLE.code:
            return  # says nothing of who asked
        fault = fault_of(refusal)
        if fault is not None or self._fault != "role":
            self._become(fault)

    def _become(self, fault: Fault | None) -> None:
        self._fault = fault
        self._tell()
        if fault is not None:
            self._refused.set()

    def _tell(self) -> None:
        """Once for each change."""
        fault = self.fault
        if fault == self._told:
            return
        self._told = fault
        if fault is None:
            log.info("service is ready")
        else:
            log.error(SENTENCES[fault], extra={"reason": fault})
