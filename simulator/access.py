"""Whom the local API lets in, by `AUTH`: issuers, access keys, an authorizer, and what the functions are told of
them (`IDENTITY`)."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from simulator.auth.access_keys import CALLERS, AccessKeys, role_arn
from simulator.auth.authorization import Access
from simulator.auth.issuers import Issuer, local_issuer
from simulator.auth.modes import Mode, Modes
from simulator.auth.other_authorizer import SOURCE, bare, other_authorizer, other_token
from simulator.auth.people import Person, groups_of
from simulator.functions import Handler
from simulator.keys import signing_key
from simulator.refused_tokens import RefusedTokens
from simulator.settings import REGION, Settings


@dataclass(frozen=True, slots=True)
class LocalAccess:
    """`access`: for the server. `identity`: the functions' setting, or None where our own authorizer judges.
    `authorizer`: another in its place. `on_refusal`: gets the tokens that the authorizer refuses."""

    access: Access
    identity: str | None
    authorizer: Handler | None
    on_refusal: Callable[[str], None]


def local_access(settings: Settings, address: str, refused: RefusedTokens) -> LocalAccess:
    """`address`: where the API will be, such as http://127.0.0.1:4000."""
    if not settings.auth:
        return LocalAccess(Access(), None, None, refused.explain)
    issuers = issuers_of(settings, address)
    key = signing_key(settings.keys)
    access = Access(modes=settings.auth, issuers=issuers, region=REGION, say=refused.say)
    if Mode.IAM in settings.auth:
        access = replace(access, access_keys=AccessKeys(settings.keys, key))
    return LocalAccess(
        access,
        json.dumps(sources(settings.auth, issuers), separators=(",", ":")),
        other_authorizer(key, time.time) if Mode.LAMBDA in settings.auth else None,
        lambda token: refused.explain(bare(token)),
    )


def issuers_of(settings: Settings, address: str) -> list[Issuer]:
    """Those of the modes that have some."""
    return [
        local_issuer(mode, settings.form or "auth0", folder=settings.keys, address=address, region=REGION)
        for mode in settings.auth
        if mode in (Mode.COGNITO, Mode.OIDC)
    ]


def sources(modes: Modes, issuers: Sequence[Issuer]) -> list[dict[str, Any]]:
    """The functions' IDENTITY. Who comes by the first mode has a plain id, so that the demo rooms are theirs;
    ids of the others begin with the mode's name."""
    by_mode = {issuer.mode: issuer for issuer in issuers}
    return [
        {
            "name": str(mode),
            **_source(mode, by_mode.get(mode)),
            "prefix": "" if mode == modes[0] else f"{mode}:",
        }
        for mode in modes
    ]


def _source(mode: Mode, issuer: Issuer | None) -> dict[str, Any]:
    if issuer is not None:
        jwks = {"jwksUrl": issuer.address + issuer.form.jwks_path} if mode is Mode.OIDC else {}
        return {**issuer.form.source, "issuer": issuer.url, **jwks}
    if mode is Mode.LAMBDA:
        return SOURCE
    callers = [
        {"role": role_arn(user), "userId": user, **({"roles": list(roles)} if roles else {})}
        for user, roles in CALLERS.items()
    ]
    return {"type": "iam", "callers": callers}


def credentials(settings: Settings, now: int) -> str:
    """What `make token` prints for the one mode that it is asked for: a token, or an access key as JSON."""
    key, (mode,) = signing_key(settings.keys), settings.auth
    person = Person(settings.user, (*groups_of(settings.roles), *settings.groups), settings.locale)
    if mode is Mode.IAM:
        return json.dumps(
            AccessKeys(settings.keys, key).credentials(settings.user, now=now, ttl=settings.ttl)
        )
    if mode is Mode.LAMBDA:
        return other_token(key, person, now=now, ttl=settings.ttl)
    (issuer,) = issuers_of(settings, f"http://127.0.0.1:{settings.port}")
    return issuer.token(person, now=now, ttl=settings.ttl, use=settings.token_use or "access")
