"""Says on the console why a token was refused: the client gets no reason, as from AppSync."""

import time
from collections.abc import Callable
from typing import TextIO

from chat.identity.jwks import KeySet
from chat.identity.models import Sources
from chat.identity.tokens import TokenRefused, Verifier, unmarked, verify_token
from simulator.keys import AUDIENCE, ISSUER

OURS = Sources.jwt(ISSUER, AUDIENCE, ("ES256",))
QUIET_S = 1.0
"""A client that comes back with the same token again and again is not to fill the console."""

WHY = {
    "subject": "its subject is no user id: 1 to 128 characters, at most 256 bytes in UTF-8, no control characters",
    "roles": "its roles are neither a list nor a text, or more than 100, or longer than 4,096 characters",
    "malformed": "it is no JSON Web Token, or longer than 8,192 characters",
    "DecodeError": "it is no JSON Web Token",
    "algorithm": "it is not signed with ES256",
    "unknown key": "it is signed with a key that this checkout does not have: `make token` makes one that is good",
    "InvalidSignatureError": "it was changed, or signed with another key",
    "ExpiredSignatureError": "it has expired",
    "InvalidAudienceError": f"its audience is not {AUDIENCE}",
    "MissingRequiredClaimError": "it does not say until when it is good",
}
"""By the reason of the authorizer's audit event; the others are said as they are named there."""


class RefusedTokens:
    """Judges a refused token once more, by the same rules, and says what is wrong with it. `sources`: the functions', ours
    alone where they are told none. `marker`: what tokens have to begin with."""

    def __init__(
        self,
        jwks: bytes,
        console: TextIO,
        monotonic: Callable[[], float] = time.monotonic,
        *,
        sources: Sources = OURS,
        marker: str = "",
    ) -> None:
        ours, keys = sources.verified_by("authorizer"), KeySet(lambda: jwks, monotonic)
        self._verifier = Verifier(ours, sources.prefixes, {source.issuer: keys for source in ours})
        self._marker = marker
        self._why = WHY | {
            "InvalidIssuerError": "its issuer is not " + " or ".join(source.issuer for source in ours),
            "marker": f"it does not begin with {marker}, which stands before each token for our authorizer",
        }
        self._console = console
        self._monotonic = monotonic
        self._said: dict[str, float] = {}

    def explain(self, token: str) -> None:
        try:
            verify_token(unmarked(token, self._marker), self._verifier)
        except TokenRefused as refused:
            self.say(self._why.get(refused.reason, refused.reason))

    def say(self, why: str) -> None:
        """`why`: the end of the sentence."""
        now = self._monotonic()
        if now - self._said.get(why, float("-inf")) >= QUIET_S:
            self._said[why] = now
            print(f"A token was refused (401): {why}.", file=self._console, flush=True)
