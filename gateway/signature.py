"""Who asks, by a signature with the role of the process: AppSync's mode AWS_IAM, Signature Version 4.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
https://docs.aws.amazon.com/appsync/latest/devguide/real-time-websocket-client.html

Imported only where the settings ask for it: botocore takes memory and time, and a token needs none of it.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping

import botocore.session
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials, ReadOnlyCredentials

from gateway.appsync import UNAVAILABLE, UpstreamRefused

log = logging.getLogger(__name__)

LOOK_SECONDS = 60.0
"""How often botocore is asked for the credentials. It has new ones 15 minutes before the old ones end."""

RETRY_SECONDS = 5.0

WAIT_SECONDS = 5.0
"""How long requests wait for the first credentials: they hold the turns of others meanwhile."""

REALTIME_HEADERS = {
    "accept": "application/json, text/javascript",
    "content-encoding": "amz-1.0",
    "content-type": "application/json; charset=UTF-8",
}
"""What AppSync's page on realtime clients signs, beside the host and the time."""


class RoleCredentials:
    """The credentials of the process, from where AWS's programs look for them: variables, files, the
    task's role, the instance's.

    `find` may wait for a server, or another program, for ever, and runs in a thread. Credentials that were there
    once are used while others are looked for, and while none can be had.
    """

    def __init__(
        self,
        find: Callable[[], Credentials | None] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        wait_s: float = WAIT_SECONDS,
    ) -> None:
        self._find = find or botocore.session.Session().get_credentials
        self._monotonic, self._wait_s = monotonic, wait_s
        self._current: ReadOnlyCredentials | None = None
        self._looking: asyncio.Task[None] | None = None
        self._look_at = self._wait_until = float("-inf")
        self.are_missing = False

    async def current(self) -> ReadOnlyCredentials:
        """Raises `UpstreamRefused` while there are none."""
        if self._looking is None and self._monotonic() >= self._look_at:
            self._looking = asyncio.create_task(self._look())
            self._wait_until = self._monotonic() + self._wait_s
        if self._current is None and self._looking is not None:
            await asyncio.wait([self._looking], timeout=max(0.0, self._wait_until - self._monotonic()))
        if self._current is None:
            self.are_missing = True
            raise UpstreamRefused(UNAVAILABLE)
        return self._current

    async def _look(self) -> None:
        try:
            self._current = await asyncio.to_thread(self._frozen)
            self._look_at = self._monotonic() + LOOK_SECONDS
        except Exception:  # the chain runs other programs and parses what servers say: anything may be raised
            log.exception("credentials cannot be had")
            self._look_at = self._monotonic() + RETRY_SECONDS
        finally:
            self.are_missing = self._current is None
            self._looking = None

    def _frozen(self) -> ReadOnlyCredentials:
        """In a thread: it asks for new ones where those that are there end soon."""
        found = self._find()
        if found is None:
            raise LookupError("no credentials")
        return found.get_frozen_credentials()


class SignedByRole:
    """Signs as the role of the process, for an API in `region`."""

    def __init__(self, credentials: RoleCredentials, region: str) -> None:
        self._credentials, self._region = credentials, region

    async def of_request(self, url: str, body: bytes) -> Mapping[str, str]:
        return await self._signed(url, body, {"Content-Type": "application/json"})

    async def of_realtime(self, url: str, body: bytes) -> Mapping[str, str]:
        return await self._signed(url, body, REALTIME_HEADERS)

    @property
    def is_over(self) -> bool:
        return self._credentials.are_missing

    async def _signed(self, url: str, body: bytes, headers: Mapping[str, str]) -> Mapping[str, str]:
        """These headers and those of the signature. The host is signed with them, by the URL."""
        request = AWSRequest(method="POST", url=url, data=body, headers=dict(headers))
        SigV4Auth(await self._credentials.current(), "appsync", self._region).add_auth(request)
        return dict(request.headers.items())
