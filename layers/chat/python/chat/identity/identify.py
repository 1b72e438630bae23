"""Who calls, by the `identity` of AppSync's event, whichever of the API's modes of authorization let them in.

https://docs.aws.amazon.com/appsync/latest/devguide/resolver-context-reference.html#aws-appsync-resolver-context-reference-identity
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from chat.identity.authorized import by_our_authorizer
from chat.identity.claims import caller, claimed_source
from chat.identity.models import RoleSource, Sources
from chat.rules.errors import IdentityRefused
from chat.rules.models import Caller

Mode = Literal["lambda", "token", "iam"]

COGNITO_IDENTITY = (
    "cognitoIdentityId",
    "cognitoIdentityPoolId",
    "cognitoIdentityAuthType",
    "cognitoIdentityAuthProvider",
)
"""What is there where somebody calls with the role of a Cognito identity pool."""

MARKS: Mapping[Mode, tuple[str, ...]] = {
    "lambda": ("resolverContext",),
    "token": ("claims", "issuer", "sub"),
    "iam": ("userArn", "accountId", *COGNITO_IDENTITY),
}
"""What the identity of one mode has and that of no other: AWS_LAMBDA, a verified token (Cognito user pools
and OpenID Connect), AWS_IAM."""

SESSION = (
    r"arn:(aws[a-z-]*):sts::([0-9]{12}):assumed-role/([A-Za-z0-9_+=,.@-]{1,64})/[A-Za-z0-9_+=,.@-]{2,64}"
)
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html"""


def identify(event: Mapping[str, Any], sources: Sources) -> Caller:
    """The caller of a resolver's event. Raises `IdentityRefused`, and `KeyError` or `TypeError` for what is
    no event of AppSync."""
    identity = event["identity"]
    if identity is None:
        raise IdentityRefused("missing")
    if not isinstance(identity, dict):
        raise TypeError("an identity is an object")
    there = {key for key, value in identity.items() if value is not None}
    modes = [mode for mode, marks in MARKS.items() if not there.isdisjoint(marks)]
    if not there:
        raise IdentityRefused("missing")
    if len(modes) > 1:
        raise IdentityRefused("ambiguous")
    match modes:
        case ["lambda"]:
            return _by_lambda(identity["resolverContext"], sources)
        case ["token"]:
            return _by_token(identity, sources)
        case ["iam"]:
            return _by_role(identity, sources.roles)
    raise IdentityRefused("source")


def _by_lambda(context: object, sources: Sources) -> Caller:
    if not isinstance(context, dict):
        raise TypeError("a resolverContext is an object")
    if sources.has_our_authorizer:
        return by_our_authorizer(context)
    if sources.context is None:
        raise IdentityRefused("source")
    return caller(sources.context.mapping, context, sources.prefixes)


def _by_token(identity: Mapping[str, Any], sources: Sources) -> Caller:
    """AppSync has verified the token. Whether it is of a pool and a client that we take is judged again: an
    API may trust more of them than the chat does."""
    trusted = sources.verified_by("appsync")
    if not trusted:
        raise IdentityRefused("source")
    claims = identity.get("claims")
    if not isinstance(claims, dict):
        raise TypeError("claims are an object")
    issuer = claims.get("iss")
    if (identity.get("issuer") or issuer) != issuer:
        raise IdentityRefused("source")
    source = claimed_source(trusted, issuer, claims)
    return caller(source.mapping, claims, sources.prefixes)


def _by_role(identity: Mapping[str, Any], source: RoleSource | None) -> Caller:
    """Services call with a role. People with a role of a Cognito identity pool, IAM users, root and federated
    users are nobody here."""
    if source is None:
        raise IdentityRefused("source")
    user_arn = identity.get("userArn")
    session = re.fullmatch(SESSION, user_arn) if isinstance(user_arn, str) else None
    if session is None or _is_there(identity, COGNITO_IDENTITY):
        raise IdentityRefused("role")
    found = source.callers.get((session[1], session[2], session[3]))
    if found is None:
        raise IdentityRefused("role")
    return Caller(found.user_id, found.roles)


def _is_there(identity: Mapping[str, Any], keys: Iterable[str]) -> bool:
    return any(identity.get(key) for key in keys)
