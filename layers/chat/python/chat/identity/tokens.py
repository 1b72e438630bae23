"""Verify a JSON Web Token (RFC 7519) of one of several issuers, and say whom it names."""

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import jwt

from chat.identity.claims import caller, claimed_source
from chat.identity.jwks import KeySet
from chat.identity.models import Sources, TokenSource
from chat.rules.catalogue import language_of
from chat.rules.errors import IdentityRefused
from chat.rules.record import record

MAX_TOKEN_CHARACTERS = 8_192
MAX_END = 2**53
"""The latest `exp`. More is no time: what counts in floats cannot hold it."""
LEEWAY_S = 5
"""Clocks of issuer and verifier may differ by this much."""

ASYMMETRIC = frozenset({"RS256", "ES256"})


class TokenRefused(Exception):
    """The token is not accepted; `reason` is for logs and metrics, never shown to the caller: the name of
    PyJWT's exception, or `malformed`, `marker`, `algorithm`, `unknown key`, `ambiguous`, `tokenUse`, `subject`,
    `roles`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    @property
    def metric(self) -> str:
        """The reason as a metric's name: `TokenRefusedUnknownKey`."""
        return "TokenRefused" + "".join(word[0].upper() + word[1:] for word in self.reason.split())


@record(frozen=True, slots=True)
class Claims:
    """What a verified token says: the user's id in the chat, roles, preferred language, its end, and when they signed in
    (both in epoch seconds)."""

    user_id: str
    roles: tuple[str, ...]
    locale: str | None
    expires_at: int
    signed_in_at: int | None = None


@record(frozen=True, slots=True)
class Verifier:
    """Whose tokens are accepted. `prefixes` are those of all sources, `keys` are by issuer, `secret` is for
    HS256."""

    sources: tuple[TokenSource, ...]
    prefixes: tuple[str, ...]
    keys: Mapping[str, KeySet]
    secret: bytes | None = None


@record(frozen=True, slots=True)
class TokenRules:
    """One issuer's tokens for one audience, as settings without IDENTITY say. `algorithms` are pinned: RS256 and
    ES256 need `keys`, HS256 needs `secret`."""

    issuer: str
    audience: str
    algorithms: Sequence[str]
    keys: KeySet | None = None
    secret: bytes | None = None

    @property
    def verifier(self) -> Verifier:
        sources = Sources.jwt(self.issuer, self.audience, self.algorithms)
        keys = {self.issuer: self.keys} if self.keys else {}
        return Verifier(sources.tokens, sources.prefixes, keys, self.secret)


def unmarked(token: str, marker: str) -> str:
    """The token without the marker that it has to begin with: what makes AppSync hand it to a Lambda authorizer
    where Cognito or OpenID Connect is a mode of the API, too. No scheme and no blank stands between the two. Raises
    `TokenRefused`.

    https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html#aws-lambda-authorization
    """
    if not token.startswith(marker):
        raise TokenRefused("marker")
    bare = token.removeprefix(marker)
    if marker and bare.split() != [bare]:
        raise TokenRefused("malformed")
    return bare


def verify_token(token: str, verifier: Verifier | TokenRules) -> Claims:
    """The claims of `token`, with or without a leading `Bearer `.

    The issuer that it names, unverified, chooses whose keys and rules it has to meet: one that is not known makes
    nobody fetch anything. Raises `TokenRefused` for a token that is not good, and `KeysUnavailable` when that
    cannot be told.
    """
    if isinstance(verifier, TokenRules):
        verifier = verifier.verifier
    bare = _without_scheme(token)
    try:
        header = jwt.get_unverified_header(bare)
        issuer = _unverified_issuer(bare)
        payload = jwt.decode(
            bare,
            _key(header, issuer, verifier),
            algorithms=[header["alg"]],  # pinned by _key: one of the source's, and of the key's own kind
            issuer=issuer,
            leeway=LEEWAY_S,
            options={"require": ["exp", "iss"], "verify_aud": False},  # claimed_source judges for whom it is
        )
    except jwt.PyJWTError as error:
        raise TokenRefused(type(error).__name__) from None
    return _claims(payload, issuer, verifier)


def _without_scheme(token: str) -> str:
    *scheme, bare = token.split() or [""]
    if scheme and [word.lower() for word in scheme] != ["bearer"]:
        raise TokenRefused("malformed")
    if len(bare) > MAX_TOKEN_CHARACTERS or not bare.isascii():
        raise TokenRefused("malformed")
    return bare


def _unverified_issuer(bare: str) -> str:
    """Raises `TokenRefused`."""
    body = bare.split(".")[1]  # the header was read: there are three parts
    try:
        payload = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (ValueError, RecursionError):
        raise TokenRefused("DecodeError") from None
    issuer = payload.get("iss") if isinstance(payload, dict) else None
    if not isinstance(issuer, str):
        raise TokenRefused("InvalidIssuerError")
    return issuer


def _key(header: dict[str, Any], issuer: str, verifier: Verifier) -> Any:
    """The key that a token with this header must be signed with. Raises `TokenRefused`."""
    source = _first_of(verifier.sources, issuer)
    algorithm, keys = header.get("alg"), verifier.keys.get(issuer)
    if algorithm not in source.algorithms:
        raise TokenRefused("algorithm")
    if algorithm in ASYMMETRIC and keys is not None:
        key = keys.find(str(header.get("kid")))
        if key is None or key.algorithm_name != algorithm:
            raise TokenRefused("unknown key")
        return key.key
    if algorithm == "HS256" and verifier.secret is not None:
        return verifier.secret
    raise TokenRefused("algorithm")


def _first_of(sources: Iterable[TokenSource], issuer: str) -> TokenSource:
    """Any source of the issuer: all of them have the same keys and algorithms. Raises `TokenRefused`."""
    for source in sources:
        if source.issuer == issuer:
            return source
    raise TokenRefused("InvalidIssuerError")


REASONS = {
    "client": "InvalidAudienceError",
    "userId": "subject",
}
"""What is called by another name here than in `IdentityRefused`."""


def _claims(payload: dict[str, Any], issuer: str, verifier: Verifier) -> Claims:
    """The claims that this chat uses. Raises `TokenRefused`."""
    expires_at = int(payload["exp"])
    if expires_at > MAX_END:
        raise TokenRefused("DecodeError")
    try:
        source = claimed_source(verifier.sources, issuer, payload)
        found = caller(source.mapping, payload, verifier.prefixes)
    except IdentityRefused as refused:
        reason = str(refused.values.get("claim") or refused.values["reason"])
        raise TokenRefused(REASONS.get(reason, reason)) from None
    return Claims(
        user_id=found.user_id,
        roles=tuple(sorted(found.roles)),
        locale=language_of(found.locale) if found.locale else None,
        expires_at=expires_at,
        signed_in_at=found.signed_in_at,
    )
