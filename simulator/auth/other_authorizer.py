"""A Lambda authorizer as another team would have it, for AUTH=lambda: its names are its own.

The chat is told by IDENTITY what they mean. Its tokens are those of this checkout after a mark of its own: without
one a JSON Web Token would not reach an authorizer beside Cognito or OIDC.
"""

import json
from collections.abc import Callable
from typing import Any

import jwt

from simulator.auth.people import PLATFORM_ROLES, Person, granting_group
from simulator.keys import AUDIENCE, ISSUER, SigningKey

MARK = "local."
SOURCE = {
    "type": "lambda",
    "userId": "sub",
    "roles": "groups",
    "locale": "lang",
    "grants": {role: {"claim": "groups", "values": [granting_group(role)]} for role in PLATFORM_ROLES},
}
"""Its entry in IDENTITY, but for name and prefix."""


def other_token(key: SigningKey, person: Person, *, now: int, ttl: int) -> str:
    """A token for it."""
    return MARK + key.mint(person.user, now=now, ttl=ttl, roles=person.groups, locale=person.locale)


def bare(token: str) -> str:
    """The JSON Web Token in a token for it."""
    return token.removeprefix("Bearer ").removeprefix(MARK)


def other_authorizer(key: SigningKey, now: Callable[[], float]) -> Callable[[Any, Any], dict[str, Any]]:
    """The handler. `resolverContext` is flat: a list in it is JSON."""

    def handler(event: Any, _context: Any) -> dict[str, Any]:
        try:
            claims = jwt.decode(
                bare(event["authorizationToken"]),
                key.private.public_key(),
                algorithms=["ES256"],
                audience=AUDIENCE,
                issuer=ISSUER,
                options={"verify_exp": False, "verify_iat": False, "require": ["exp", "sub"]},
            )
        except (jwt.PyJWTError, RecursionError):
            return {"isAuthorized": False}
        if claims["exp"] <= now():
            return {"isAuthorized": False}
        context = {"sub": claims["sub"], "groups": json.dumps(claims.get("roles", []))}
        if "locale" in claims:
            context["lang"] = claims["locale"]
        return {"isAuthorized": True, "resolverContext": context}

    return handler
