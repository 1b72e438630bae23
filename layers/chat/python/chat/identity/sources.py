"""Read the setting IDENTITY, a JSON array of sources: docs/identity.md has its keys."""

import re
from collections.abc import Iterable
from itertools import combinations

from chat.identity.addresses import is_address_of_keys, is_loopback
from chat.identity.claim_names import is_written_by_people, may_change
from chat.identity.models import (
    PLATFORM_ROLES,
    ClaimMapping,
    ContextSource,
    Grant,
    RoleCaller,
    RoleKey,
    RoleSource,
    Sources,
    TokenSource,
)
from chat.identity.reading import BadSources, Keys, read_json
from chat.rules.rooms import is_id, is_user_id

__all__ = ["BadSources", "Sources", "parse_sources"]

MAX_CHARACTERS = 3_000
"""All variables of a function are at most 4 KB together:
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

TYPES = ("cognito", "oidc", "lambda", "iam")
NAME = r"[A-Za-z0-9_.-]{1,32}"
PREFIX = r"[A-Za-z0-9_.:|@-]{0,32}"
POOL = r"https://(issuer-)?cognito-idp(-fips)?\.[a-z0-9.-]+/[\w-]+_[0-9A-Za-z]+"
"""A pool's issuer, in both of its forms:
https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_IssuerConfigurationType.html"""
ROLE = r"arn:(aws[a-z-]*):iam::([0-9]{12}):role/(?:[\x21-\x7e]+/)?([A-Za-z0-9_+=,.@-]{1,64})"
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html"""


def parse_sources(text: str) -> Sources:
    """The sources that `text` names. Raises `BadSources`."""
    if len(text) > MAX_CHARACTERS:
        raise BadSources(f"must have at most {MAX_CHARACTERS:,} characters")
    try:
        documents = read_json(text)
    except ValueError:
        raise BadSources("must be a JSON array of sources") from None
    if not isinstance(documents, list) or not documents:
        raise BadSources("must be a JSON array of at least one source")
    found = [_source(number, document) for number, document in enumerate(documents, 1)]
    names = [source.name for source in found]
    if len(set(names)) < len(names):
        raise BadSources("must give each source a name of its own")
    sources = _together(found)
    _check_prefixes(sources.prefixes)
    for one, other in combinations(sources.tokens, 2):
        _check_apart(one, other)
    return sources


Source = TokenSource | ContextSource | RoleSource


def _source(number: int, document: object) -> Source:
    name = document.get("name") if isinstance(document, dict) else None
    if not isinstance(name, str) or not re.fullmatch(NAME, name):
        raise BadSources(f"source {number}: name must be 1 to 32 letters, digits or _ . -")
    keys = Keys(name, document)
    keys.take("name")
    match keys.take("type"):
        case "cognito":
            source: Source = _cognito(name, keys)
        case "oidc":
            source = _oidc(name, keys)
        case "lambda":
            source = ContextSource(name, _mapping(keys))
        case "iam":
            source = _iam(name, keys)
        case _:
            raise keys.wrong("type", f"must be one of {', '.join(TYPES)}")
    keys.done("this type of source")
    return source


def _cognito(name: str, keys: Keys) -> TokenSource:
    issuer = keys.text("issuer")
    if not (re.fullmatch(POOL, issuer, re.ASCII) or is_loopback(issuer)):
        raise keys.wrong("issuer", "must be https://cognito-idp.REGION.amazonaws.com/POOL_ID")
    return TokenSource(
        name,
        "cognito",
        issuer,
        _mapping(keys, in_cognito=True),
        verified_by=_verified_by(keys),
        clients=frozenset(keys.texts("clients")),
        token_use=keys.some_of("tokenUse", ("access", "id"), ("access", "id")),
        jwks_url=f"{issuer}/.well-known/jwks.json",
    )


def _oidc(name: str, keys: Keys) -> TokenSource:
    issuer, jwks_url, jwks = keys.text("issuer"), keys.take("jwksUrl"), keys.take("jwks")
    clients, audiences = keys.texts("clients", ()), keys.texts("audiences", ())
    if not is_address_of_keys(issuer):
        raise keys.wrong("issuer", "must be an https address, exactly as tokens have it in iss")
    if not (clients or audiences):
        raise keys.wrong("clients", "or audiences must say for whom tokens are issued")
    if jwks_url is not None and not is_address_of_keys(jwks_url):
        raise keys.wrong("jwksUrl", "must be an https address")
    if jwks is not None and (jwks_url is not None or not _is_key_set(jwks)):
        raise keys.wrong("jwks", "must be a JSON Web Key Set as a text, and stand without jwksUrl")
    return TokenSource(
        name,
        "oidc",
        issuer,
        _mapping(keys),
        verified_by=_verified_by(keys),
        clients=frozenset(clients),
        audiences=frozenset(audiences),
        algorithms=tuple(sorted(keys.some_of("algorithms", ("RS256", "ES256"), ("RS256",)))),
        jwks_url=jwks_url,
        jwks=jwks,
    )


def _verified_by(keys: Keys) -> frozenset[str]:
    return keys.some_of("verifiedBy", ("appsync", "authorizer"), ("appsync",))


def _is_key_set(text: object) -> bool:
    """Whether it looks like one. What its keys are is judged where they are used."""
    try:
        document = read_json(text) if isinstance(text, str) else None
    except ValueError:
        return False
    return isinstance(document, dict) and isinstance(document.get("keys"), list)


def _prefix(keys: Keys) -> str:
    prefix = keys.text("prefix", "")
    if not re.fullmatch(PREFIX, prefix):
        raise keys.wrong("prefix", "must be at most 32 letters, digits or _ . : | @ -")
    return prefix


def _mapping(keys: Keys, *, in_cognito: bool = False) -> ClaimMapping:
    user_id, is_mutable = keys.claim("userId", "sub") or ("sub",), keys.flag("mutable")
    if may_change(user_id, in_cognito=in_cognito) and not is_mutable:
        raise keys.wrong(
            "userId", "names a claim that people can change: another person could come to have that id"
        )
    return ClaimMapping(
        prefix=_prefix(keys),
        user_id=user_id,
        roles=keys.claim("roles"),
        locale=keys.claim("locale"),
        grants=_grants(keys),
    )


def _grants(keys: Keys) -> tuple[Grant, ...]:
    documents = keys.take("grants", {})
    if not isinstance(documents, dict) or not documents.keys() <= PLATFORM_ROLES:
        raise keys.wrong("grants", f"must be an object with the keys {', '.join(sorted(PLATFORM_ROLES))}")
    found = []
    for role, document in sorted(each for each in documents.items() if each[1] is not None):
        of_grant = Keys(f"{keys.place}: grants.{role}", document)
        claim, values = of_grant.claim("claim"), of_grant.texts("values")
        if claim is None:
            raise of_grant.wrong("claim", "is missing")
        if is_written_by_people(claim):
            raise of_grant.wrong("claim", "names a claim that people can write: anybody could take the role")
        of_grant.done("a grant")
        found.append(Grant(role, claim, frozenset(values)))
    return tuple(found)


def _iam(name: str, keys: Keys) -> RoleSource:
    prefix, callers = _prefix(keys), dict[RoleKey, RoleCaller]()
    for number, document in enumerate(keys.objects("callers"), 1):
        of_caller = Keys(f"{name}: callers {number}", document)
        key, user_id = role_key(of_caller.text("role")), of_caller.text("userId")
        roles = of_caller.texts("roles", ())
        if key is None:
            raise of_caller.wrong("role", "must be the ARN of an IAM role")
        if not is_user_id(prefix + user_id):
            raise of_caller.wrong("userId", "with the prefix must be a user id")
        if not all(is_id(each) for each in roles):
            raise of_caller.wrong("roles", "must be 1 to 128 letters, digits or _ . : | @ - each")
        if key in callers:
            raise of_caller.wrong("role", "is there already: a session does not say which path its role has")
        of_caller.done("a caller")
        callers[key] = RoleCaller(prefix + user_id, frozenset(roles))
    return RoleSource(name, prefix, callers)


def role_key(arn: str) -> RoleKey | None:
    """The role that its ARN names, as `chat.identity.identify` finds it in a session's; `None` for another text."""
    role = re.fullmatch(ROLE, arn)
    return (role[1], role[2], role[3]) if role else None


def _together(found: Iterable[Source]) -> Sources:
    tokens = tuple(source for source in found if isinstance(source, TokenSource))
    contexts = [source for source in found if isinstance(source, ContextSource)]
    roles = [source for source in found if isinstance(source, RoleSource)]
    ours = any("authorizer" in source.verified_by for source in tokens)
    if len(contexts) > 1 or len(roles) > 1:
        raise BadSources("must have at most one source of type lambda and one of type iam, as an API has")
    if contexts and ours:
        raise BadSources(
            f"{contexts[0].name}: type lambda excludes verifiedBy authorizer: an API has one Lambda authorizer"
        )
    return Sources(tokens, contexts[0] if contexts else None, roles[0] if roles else None, ours)


def _check_prefixes(prefixes: tuple[str, ...]) -> None:
    """So that two people of two sources never have one id."""
    for one, other in combinations(prefixes, 2):
        if one == other or (one and other and (one.startswith(other) or other.startswith(one))):
            raise BadSources(
                "must give each source a prefix of its own, none the beginning of another, at most one empty"
            )


def _check_apart(one: TokenSource, other: TokenSource) -> None:
    """So that a token is one source's. What a token with several audiences is, is judged when it comes."""
    if one.issuer != other.issuer:
        return
    if one.keys != other.keys or one.type != other.type:
        raise BadSources(f"{other.name}: type, jwksUrl, jwks and algorithms must be those of {one.name}")
    pins = (
        (one.clients, other.clients),
        (one.audiences, other.audiences),
        (one.token_use, other.token_use),
    )
    if any(of_one and of_other and not of_one & of_other for of_one, of_other in pins):
        return
    raise BadSources(
        f"{other.name}: clients, audiences or tokenUse must differ from those of {one.name}: one issuer's "
        "token would be of both"
    )
