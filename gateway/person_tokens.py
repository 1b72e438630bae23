"""Whose token a client brings, and how the API takes it.

An API hands a plain JWT to the modes that AppSync verifies itself, and one behind the marker to our authorizer;
each knows sources of its own. The gateway judges a token by the sources of the one that it will be handed to, so
that the person has the same id here and in the resolvers.
"""

import asyncio
import base64
import json
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from chat.identity.discovery import key_sets
from chat.identity.jwks import KeySet
from chat.identity.models import Sources, VerifiedBy
from chat.identity.tokens import TokenRefused, Verifier, verify_token

KEYS_SECONDS = 2.0

THREADS_PER_ISSUER = 2
"""Fetching keys may wait. One issuer's keys make nobody wait whose token is another's."""


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a good token names, until when (epoch seconds), and the token as the API takes it."""

    user_id: str
    expires_at: int
    token: str = field(repr=False)


class PersonTokens:
    """Verifies tokens of all sources of type cognito and oidc."""

    def __init__(self, sources: Sources, marker: str) -> None:
        keys = key_sets(sources.tokens, KEYS_SECONDS, time.monotonic)
        self._marker = marker
        self._appsync = _verifier(sources, "appsync", keys)
        self._authorizer = _verifier(sources, "authorizer", keys)
        self._threads = {issuer: ThreadPoolExecutor(THREADS_PER_ISSUER, "tokens") for issuer in keys}

    async def verify(self, token: str) -> Person:
        """The person of `token`, which may begin with `Bearer ` and with the marker.

        Raises `TokenRefused`, and `KeysUnavailable` when that cannot be told. Keys are fetched in a thread, and
        none for an issuer that no source has.
        """
        threads = self._threads.get(_unverified_issuer(bare := _without_scheme(token)) or "")
        if threads is None:
            raise TokenRefused("InvalidIssuerError")
        return await asyncio.get_running_loop().run_in_executor(threads, self._verify, bare)

    def close(self) -> None:
        for threads in self._threads.values():
            threads.shutdown(wait=False, cancel_futures=True)

    def _verify(self, token: str) -> Person:
        is_marked = bool(self._marker) and token.startswith(self._marker)
        jwt = token.removeprefix(self._marker)
        if not is_marked and self._appsync.sources:
            try:
                return _person(jwt, self._appsync, jwt)
            except TokenRefused:
                if not self._authorizer.sources:
                    raise
        return _person(jwt, self._authorizer, self._marker + jwt)


def _verifier(sources: Sources, verifier: VerifiedBy, keys: Mapping[str, KeySet]) -> Verifier:
    own = sources.verified_by(verifier)
    return Verifier(own, sources.prefixes, {each.issuer: keys[each.issuer] for each in own})


def _person(jwt: str, verifier: Verifier, as_taken: str) -> Person:
    claims = verify_token(jwt, verifier)
    return Person(claims.user_id, claims.expires_at, as_taken)


def _without_scheme(token: str) -> str:
    """Raises `TokenRefused`."""
    words = token.split()
    if len(words) == 2 and words[0].lower() == "bearer":
        words = words[1:]
    if len(words) != 1:
        raise TokenRefused("malformed")
    return words[0]


def _unverified_issuer(token: str) -> str | None:
    """By this it is chosen who waits for whom, and nothing else."""
    try:
        body = token.split(".")[-2]  # counted from the end: a marker may have dots
        issuer = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))["iss"]
    except (IndexError, KeyError, TypeError, ValueError, RecursionError):
        return None
    return issuer if isinstance(issuer, str) else None
