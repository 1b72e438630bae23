"""Our Lambda authorizer beside Cognito or OIDC, for AUTH=authorizer: its tokens, and its source in IDENTITY.

AppSync hands a plain JSON Web Token to those modes, so each token for the authorizer begins with TOKEN_MARKER
(docs/identity.md). The issuer is an address here, as IDENTITY wants one; the key is that of `make token` without AUTH.
"""

from typing import Any

from simulator.auth.people import PLATFORM_ROLES, Person, granting_group
from simulator.keys import AUDIENCE, JWKS_PATH, SigningKey, claims

MARKER = "chat."


def own_issuer(address: str) -> str:
    """The claim `iss`. `address`: of the API, such as http://127.0.0.1:4000."""
    return f"{address}/authorizer"


def own_source(address: str) -> dict[str, Any]:
    """Its entry in IDENTITY, but for name and prefix."""
    return {
        "type": "oidc",
        "verifiedBy": ["authorizer"],
        "issuer": own_issuer(address),
        "audiences": [AUDIENCE],
        "jwksUrl": address + JWKS_PATH,
        "algorithms": ["ES256"],
        "roles": "roles",
        "locale": "locale",
        "grants": {role: {"claim": "roles", "values": [granting_group(role)]} for role in PLATFORM_ROLES},
    }


def own_token(key: SigningKey, person: Person, address: str, *, now: int, ttl: int) -> str:
    """A token for it: the marker and a JSON Web Token, without `Bearer`."""
    said = claims(person.user, now=now, ttl=ttl, roles=person.groups, locale=person.locale)
    return MARKER + key.sign({**said, "iss": own_issuer(address)})
