"""Who asks, by a token: a person's own, or the service's. By the role of the process: `gateway/signature.py`."""

import base64
import binascii
import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from gateway.appsync import UNAVAILABLE, Authorization, UpstreamRefused
from gateway.settings import BadSettings

log = logging.getLogger(__name__)


class ServiceAuthorization(Authorization, Protocol):
    """The service's own."""

    @property
    def is_over(self) -> bool:
        """Whether there is nothing to authorize requests with, as far as is known."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token, as the API takes it."""

    value: str = field(repr=False)

    async def of_request(self, _url: str, _body: bytes) -> Mapping[str, str]:
        return {"Authorization": self.value}

    async def of_realtime(self, _url: str, _body: bytes) -> Mapping[str, str]:
        return {"Authorization": self.value}


class ServiceToken:
    """The service's own token, read again when it is about to end; one that cannot be read now may be in a
    moment."""

    def __init__(self, read: Callable[[], str]) -> None:
        """`read` raises `BadSettings`."""
        self._read = read
        self._token, self._until, self._was_read = "", 0.0, False

    async def of_request(self, _url: str, _body: bytes) -> Mapping[str, str]:
        return {"Authorization": self.current()}

    async def of_realtime(self, _url: str, _body: bytes) -> Mapping[str, str]:
        return {"Authorization": self.current()}

    def current(self) -> str:
        """Raises `UpstreamRefused`."""
        if time.time() > self._until - 60:
            try:
                self._token = self._read()
            except BadSettings:
                log.exception("service token cannot be read")
            self._until, self._was_read = _expiry(self._token), True
        if not self._token:
            raise UpstreamRefused(UNAVAILABLE)
        return self._token

    @property
    def is_over(self) -> bool:
        """Whether there was none to be read, or the one that was read last has ended: no room can be received
        until there is another."""
        has_ended = bool(self._until) and time.time() > self._until
        return self._was_read and (not self._token or has_ended)


def _expiry(token: str) -> float:
    """`exp` of a JWT, unverified: whoever is asked verifies it. 0 when there is none to be seen."""
    try:
        payload = token.split(".")[-2]  # counted from its end: a marker before it may have dots
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return float(claims["exp"])
    except (IndexError, KeyError, ValueError, TypeError, binascii.Error):
        return 0.0
