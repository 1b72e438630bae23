"""Judge claims that somebody has verified: whose they are, and whom they name.

The same functions judge what AppSync passes on (`identify`) and what we verify ourselves (`tokens`).
"""

from collections.abc import Iterable, Mapping
from typing import Any

from chat.identity.authorized import MOST_SECONDS_DIGITS, is_seconds
from chat.identity.models import PLATFORM_ROLES, ClaimMapping, TokenSource
from chat.identity.reading import ClaimPath, read_json
from chat.rules.errors import IdentityRefused
from chat.rules.models import Caller
from chat.rules.rooms import is_id, is_user_id

MAX_ROLES, MAX_ROLE_CHARACTERS = 100, 4_096
MOST_SECONDS = 10**MOST_SECONDS_DIGITS

Claims = Mapping[str, Any]


def claimed_source(sources: Iterable[TokenSource], issuer: object, claims: Claims) -> TokenSource:
    """The one source whose token has these claims. Raises `IdentityRefused`."""
    of_issuer = [source for source in sources if source.issuer == issuer]
    refusals = [(source, _refusal(source, claims)) for source in of_issuer]
    claiming = [source for source, refusal in refusals if refusal is None]
    if len(claiming) > 1:
        raise IdentityRefused("ambiguous")
    if not claiming:
        raise next((refusal for _, refusal in refusals if refusal), IdentityRefused("source"))
    return claiming[0]


def _refusal(source: TokenSource, claims: Claims) -> IdentityRefused | None:
    """Why a token of this issuer is none of the source's."""
    if source.type == "cognito":
        use = claims.get("token_use")
        if not isinstance(use, str) or use not in source.token_use:
            return IdentityRefused("tokenUse")
        client = claims.get("client_id" if use == "access" else "aud")
        return None if isinstance(client, str) and client in source.clients else IdentityRefused("client")
    audience = _texts(claims.get("aud"))
    if source.audiences and not source.audiences & audience:
        return IdentityRefused("client")
    parties = [claims[name] for name in ("azp", "client_id") if claims.get(name) is not None]
    if parties:
        is_for_us = all(isinstance(party, str) and party in source.clients for party in parties)
    else:
        is_for_us = bool(source.clients & audience)
    return None if is_for_us or not source.clients else IdentityRefused("client")


def _texts(value: object) -> frozenset[str]:
    """An audience's texts (RFC 7519, section 4.1.3)."""
    values = value if isinstance(value, list) else [value]
    return frozenset(each for each in values if isinstance(each, str))


def caller(mapping: ClaimMapping, claims: Claims, prefixes: Iterable[str]) -> Caller:
    """Whom the claims name. `prefixes` are those of all sources. Raises `IdentityRefused`."""
    locale = _find(claims, mapping.locale)
    return Caller(
        user_id=_user_id(mapping, claims, prefixes),
        roles=_roles(mapping, claims),
        locale=locale if isinstance(locale, str) else None,
        signed_in_at=signed_in_at(claims),
    )


def signed_in_at(claims: Claims) -> int | None:
    """When somebody signed in, in epoch seconds: `auth_time`, else when the token was issued, which a refreshed one was later.
    `None` where that is no instant.

    https://openid.net/specs/openid-connect-core-1_0.html#IDToken
    https://www.rfc-editor.org/rfc/rfc7519#section-4.1.6
    """
    value = claims["auth_time"] if claims.get("auth_time") is not None else claims.get("iat")
    if is_seconds(value):
        return int(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < MOST_SECONDS:
        return int(value)
    return None


def _user_id(mapping: ClaimMapping, claims: Claims, prefixes: Iterable[str]) -> str:
    """The id with its prefix. One that begins with the prefix of another source is nobody's: it would be
    that source's id."""
    own = _find(claims, mapping.user_id)
    if not is_user_id(own) or not is_user_id(whole := mapping.prefix + own):
        raise IdentityRefused("claim", "userId")
    if any(prefix and prefix != mapping.prefix and whole.startswith(prefix) for prefix in prefixes):
        raise IdentityRefused("claim", "userId")
    return whole


def _roles(mapping: ClaimMapping, claims: Claims) -> frozenset[str]:
    """The roles that are ids, and what is granted. The claim of roles gives no platform role."""
    plain = {role for role in _words(_find(claims, mapping.roles)) if is_id(role)}
    granted = {
        grant.role
        for grant in mapping.grants
        if not grant.values.isdisjoint(_words(_find(claims, grant.claim)))
    }
    return frozenset(plain - PLATFORM_ROLES | granted)


def _words(value: object) -> list[str]:
    """The texts of a claim with several: a list; a text with commas or blanks between them, as scopes have;
    or a list as a JSON text, since `resolverContext` is flat. Raises `IdentityRefused`."""
    if isinstance(value, str):
        if len(value) > MAX_ROLE_CHARACTERS:
            raise IdentityRefused("claim", "roles")
        value = _listed(value) if value.startswith("[") else value.replace(",", " ").split()
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > MAX_ROLES:
        raise IdentityRefused("claim", "roles")
    words = [each for each in value if isinstance(each, str)]
    if sum(map(len, words)) > MAX_ROLE_CHARACTERS:
        raise IdentityRefused("claim", "roles")
    return words


def _listed(text: str) -> object:
    try:
        return read_json(text)
    except ValueError:
        raise IdentityRefused("claim", "roles") from None


def _find(claims: Claims, path: ClaimPath | None) -> object:
    """What the path leads to; `None` where it leads nowhere."""
    found: object = claims if path else None
    for key in path or ():
        found = found.get(key) if isinstance(found, Mapping) else None
    return found
