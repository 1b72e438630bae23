"""Whom the local API lets in, by `AUTH`: issuers, access keys, an authorizer, and what the functions are told of
them (`IDENTITY` and `TOKEN_MARKER`)."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TextIO

from chat.identity.sources import parse_sources
from simulator.auth.access_keys import CALLERS, AccessKeys, role_arn
from simulator.auth.authorization import Access
from simulator.auth.issuers import Issuer, local_issuer
from simulator.auth.modes import Auth, Mode, Source
from simulator.auth.other_authorizer import SOURCE, bare, other_authorizer, other_token
from simulator.auth.own_authorizer import MARKER, own_source, own_token
from simulator.auth.people import Person, groups_of
from simulator.functions import Handler
from simulator.keys import signing_key
from simulator.refused_tokens import RefusedTokens
from simulator.settings import REGION, Settings


@dataclass(frozen=True, slots=True)
class LocalAccess:
    """`access`: for the server. `told`: the functions' settings, none where our own authorizer alone judges.
    `authorizer`: another in its place. `on_refusal`: gets the tokens that the authorizer refuses."""

    access: Access
    told: Mapping[str, str]
    authorizer: Handler | None
    on_refusal: Callable[[str], None]


def local_access(settings: Settings, address: str, refused: RefusedTokens) -> LocalAccess:
    """`address`: where the API will be, such as http://127.0.0.1:4000."""
    issuers = issuers_of(settings, address)
    key = signing_key(settings.keys)
    access = Access(modes=settings.api_modes, issuers=issuers, region=REGION, say=refused.say)
    if Mode.IAM in access.modes:
        access = replace(access, access_keys=AccessKeys(settings.keys, key))
    return LocalAccess(
        access,
        told(settings, address),
        other_authorizer(key, time.time) if Source.LAMBDA in settings.auth else None,
        (lambda token: refused.explain(bare(token))) if Source.LAMBDA in settings.auth else refused.explain,
    )


def told(settings: Settings, address: str) -> dict[str, str]:
    """What the functions and a gateway are told: nothing where our own authorizer alone judges."""
    if not settings.auth:
        return {}
    found = sources(settings.auth, issuers_of(settings, address), address)
    marker = {"TOKEN_MARKER": MARKER} if Source.AUTHORIZER in settings.auth else {}
    return {"IDENTITY": json.dumps(found, separators=(",", ":")), **marker}


def refused_tokens(settings: Settings, address: str, console: TextIO) -> RefusedTokens:
    """Says why our own authorizer refused a token, by the rules that it has with these settings."""
    jwks = signing_key(settings.keys).jwks
    if Source.AUTHORIZER not in settings.auth:
        return RefusedTokens(jwks, console)
    found = parse_sources(told(settings, address)["IDENTITY"])
    return RefusedTokens(jwks, console, sources=found, marker=MARKER)


def issuers_of(settings: Settings, address: str) -> list[Issuer]:
    """Those of the modes that have some."""
    return [
        local_issuer(mode, settings.form or "auth0", folder=settings.keys, address=address, region=REGION)
        for mode in settings.modes
        if mode in (Mode.COGNITO, Mode.OIDC)
    ]


def sources(auth: Auth, issuers: Sequence[Issuer], address: str) -> list[dict[str, Any]]:
    """The functions' IDENTITY. Who comes by the first word of AUTH has a plain id, so that the demo rooms are theirs;
    ids of the others begin with their word."""
    by_mode = {issuer.mode: issuer for issuer in issuers}
    return [
        {
            "name": str(source),
            **_source(source, by_mode.get(source.mode), address),
            "prefix": "" if source == auth[0] else f"{source}:",
        }
        for source in auth
    ]


def _source(source: Source, issuer: Issuer | None, address: str) -> dict[str, Any]:
    if issuer is not None:
        jwks = {"jwksUrl": issuer.address + issuer.form.jwks_path} if source is Source.OIDC else {}
        return {**issuer.form.source, "issuer": issuer.url, **jwks}
    if source is Source.LAMBDA:
        return SOURCE
    if source is Source.AUTHORIZER:
        return own_source(address)
    callers = [
        {"role": role_arn(user), "userId": user, **({"roles": list(roles)} if roles else {})}
        for user, roles in CALLERS.items()
    ]
    return {"type": "iam", "callers": callers}


def credentials(settings: Settings, now: int) -> str:
    """What `make token` prints for the one mode that it is asked for: a token, or an access key as JSON."""
    key, (source,) = signing_key(settings.keys), settings.auth
    address = f"http://127.0.0.1:{settings.port}"
    person = Person(settings.user, (*groups_of(settings.roles), *settings.groups), settings.locale)
    if source is Source.IAM:
        return json.dumps(
            AccessKeys(settings.keys, key).credentials(settings.user, now=now, ttl=settings.ttl)
        )
    if source is Source.LAMBDA:
        return other_token(key, person, now=now, ttl=settings.ttl)
    if source is Source.AUTHORIZER:
        return own_token(key, person, address, now=now, ttl=settings.ttl)
    (issuer,) = issuers_of(settings, address)
    return issuer.token(person, now=now, ttl=settings.ttl, use=settings.token_use or "access")
