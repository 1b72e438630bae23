"""Verify a JSON Web Token (RFC 7519) and say whom it names."""

from collections.abc import Sequence
from typing import Any

import jwt

from chat.identity.jwks import KeySet
from chat.rules.catalogue import choose_locale
from chat.rules.record import record
from chat.rules.rooms import is_id, is_user_id

MAX_TOKEN_CHARACTERS = 8_192
LEEWAY_S = 5
"""Clocks of issuer and verifier may differ by this much."""

ASYMMETRIC = frozenset({"RS256", "ES256"})


class TokenRefused(Exception):
    """The token is not accepted; `reason` is for logs and metrics, never shown to the caller: the name of
    PyJWT's exception, or `malformed`, `algorithm`, `unknown key`, `subject`, `roles`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    @property
    def metric(self) -> str:
        """The reason as a metric's name: `TokenRefusedUnknownKey`."""
        return "TokenRefused" + "".join(word[0].upper() + word[1:] for word in self.reason.split())


@record(frozen=True, slots=True)
class Claims:
    """What a verified token says: the user, platform roles, preferred language and its end (epoch
    seconds)."""

    user_id: str
    roles: tuple[str, ...]
    locale: str | None
    expires_at: int


@record(frozen=True, slots=True)
class TokenRules:
    """What a token must be. `algorithms` are pinned: RS256 and ES256 need `keys`, HS256 needs `secret`."""

    issuer: str
    audience: str
    algorithms: Sequence[str]
    keys: KeySet | None = None
    secret: bytes | None = None


def verify_token(token: str, rules: TokenRules) -> Claims:
    """The claims of `token`, with or without a leading `Bearer `.

    Raises `TokenRefused` for a token that is not good, and `KeysUnavailable` when that cannot be told.
    """
    *scheme, bare = token.split() or [""]
    if scheme and [word.lower() for word in scheme] != ["bearer"]:
        raise TokenRefused("malformed")
    if len(bare) > MAX_TOKEN_CHARACTERS or not bare.isascii():
        raise TokenRefused("malformed")
    try:
        header = jwt.get_unverified_header(bare)
        payload = jwt.decode(
            bare,
            _key(header, rules),
            algorithms=[header["alg"]],  # pinned by _key: one of the rules', and of the key's own kind
            issuer=rules.issuer,
            audience=rules.audience,
            leeway=LEEWAY_S,
            options={"require": ["exp", "sub", "iss", "aud"]},
        )
    except jwt.PyJWTError as error:
        raise TokenRefused(type(error).__name__) from None
    return _claims(payload)


def _key(header: dict[str, Any], rules: TokenRules) -> Any:
    """The key that a token with this header must be signed with. Raises `TokenRefused`."""
    algorithm = header.get("alg")
    if algorithm not in rules.algorithms:
        raise TokenRefused("algorithm")
    if algorithm in ASYMMETRIC and rules.keys is not None:
        key = rules.keys.find(str(header.get("kid")))
        if key is None or key.algorithm_name != algorithm:
            raise TokenRefused("unknown key")
        return key.key
    if algorithm == "HS256" and rules.secret is not None:
        return rules.secret
    raise TokenRefused("algorithm")


def _claims(payload: dict[str, Any]) -> Claims:
    """The claims that this chat uses. Raises `TokenRefused` when `sub` cannot be a user id."""
    roles, locale = payload.get("roles", []), payload.get("locale")
    if not is_user_id(payload["sub"]):
        raise TokenRefused("subject")
    if not isinstance(roles, list) or not all(is_id(role) for role in roles):
        raise TokenRefused("roles")
    return Claims(
        user_id=payload["sub"],
        roles=tuple(roles),
        locale=choose_locale(locale, None) if isinstance(locale, str) else None,
        expires_at=int(payload["exp"]),
    )
