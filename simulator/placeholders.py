"""
Tokens in event files. No file can hold a token that stays good, so it holds what the token should say:

    ${token user=alice ttl=-60 audience=somebody-else issuer=https://e.example roles=admin,auditor locale=es}

`ttl` is in seconds (3600 unless given). `key=another` signs with a key that nobody trusts under the trusted
one's name, and `algorithm=none` does not sign at all. The user may be any word, so that what no login would
make can be tried as well.
"""

import re
from typing import Any

import jwt

from simulator.event import BadEvent
from simulator.keys import SigningKey, claims, new_signing_key

DEFAULT_TTL = "3600"
_PLACEHOLDER = re.compile(r"\$\{token((?: +[a-z]+=[^\s{}]+)*)\}")
_PARTS = {"user", "ttl", "audience", "issuer", "roles", "locale", "key", "algorithm"}


def filled(event: Any, key: SigningKey, *, now: int) -> Any:
    """`event` with a token, issued at `now` (epoch seconds), for each placeholder in it. Raises BadEvent."""
    if isinstance(event, str):
        return _PLACEHOLDER.sub(lambda found: _token(found.group(1), key, now), event)
    if isinstance(event, list):
        return [filled(each, key, now=now) for each in event]
    if isinstance(event, dict):
        return {name: filled(value, key, now=now) for name, value in event.items()}
    return event


def _token(parts: str, key: SigningKey, now: int) -> str:
    wish = dict(part.split("=", 1) for part in parts.split())
    if unknown := sorted(wish.keys() - _PARTS):
        raise BadEvent(f"EVENT: a token has no {', '.join(unknown)}, only {', '.join(sorted(_PARTS))}")
    if "user" not in wish:
        raise BadEvent("EVENT: a token needs a user")
    payload = claims(
        wish["user"],
        now=now,
        ttl=_seconds(wish.get("ttl", DEFAULT_TTL)),
        roles=wish["roles"].split(",") if "roles" in wish else (),
        locale=wish.get("locale"),
    )
    payload |= {claim: wish[word] for word, claim in (("issuer", "iss"), ("audience", "aud")) if word in wish}
    kid: str = key.public_jwk["kid"]
    if _chosen(wish, "algorithm", "ES256", "none") == "none":
        return jwt.encode(payload, "", "none", {"kid": kid})
    signer = new_signing_key() if _chosen(wish, "key", "trusted", "another") == "another" else key
    return signer.sign(payload, kid=kid)


def _seconds(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise BadEvent("EVENT: a token's ttl is a whole number of seconds") from None


def _chosen(wish: dict[str, str], part: str, usual: str, other: str) -> str:
    value = wish.get(part, usual)
    if value not in (usual, other):
        raise BadEvent(f"EVENT: a token's {part} is {usual} or {other}")
    return value
