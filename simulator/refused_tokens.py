"""Says on the console why a token was refused: the client gets no reason, as from AppSync."""

import time
from collections.abc import Callable, Mapping
from typing import TextIO

from chat.identity.jwks import KeySet
from chat.identity.tokens import TokenRefused, TokenRules, verify_token
from simulator.keys import AUDIENCE, ISSUER

QUIET_S = 1.0
"""A client that comes back with the same token again and again is not to fill the console."""

WHY: Mapping[str, str] = {
    "subject": "its subject is no user id: 1 to 128 characters, at most 256 bytes in UTF-8, no control characters",
    "roles": "its roles are neither a list nor a text, or more than 100, or longer than 4,096 characters",
    "malformed": "it is no JSON Web Token, or longer than 8,192 characters",
    "DecodeError": "it is no JSON Web Token",
    "algorithm": "it is not signed with ES256",
    "unknown key": "it is signed with a key that this checkout does not have: `make token` makes one that is good",
    "InvalidSignatureError": "it was changed, or signed with another key",
    "ExpiredSignatureError": "it has expired",
    "InvalidAudienceError": f"its audience is not {AUDIENCE}",
    "InvalidIssuerError": f"its issuer is not {ISSUER}",
    "MissingRequiredClaimError": "it does not say until when it is good",
}
"""By the reason of the authorizer's audit event; the others are said as they are named there."""


class RefusedTokens:
    """Judges a refused token once more, by the same rules, and says what is wrong with it."""

    def __init__(self, jwks: bytes, console: TextIO, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._rules = TokenRules(ISSUER, AUDIENCE, ("ES256",), KeySet(lambda: jwks, monotonic))
        self._console = console
        self._monotonic = monotonic
        self._said: dict[str, float] = {}

    def explain(self, token: str) -> None:
        try:
            verify_token(token, self._rules)
        except TokenRefused as refused:
            self.say(WHY.get(refused.reason, refused.reason))

    def say(self, why: str) -> None:
        """`why`: the end of the sentence."""
        now = self._monotonic()
        if now - self._said.get(why, float("-inf")) >= QUIET_S:
            self._said[why] = now
            print(f"A token was refused (401): {why}.", file=self._console, flush=True)
