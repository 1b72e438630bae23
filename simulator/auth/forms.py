"""Tokens as Cognito, Auth0, Keycloak and Entra form them: their claims, and what makes users and roles of them.

The value that becomes the user id is the name itself, where a provider has an id of its own making (Cognito a
UUID, Auth0 `auth0|…`): the demo rooms know people by their names. All else is in the provider's form.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from simulator.auth.modes import FormName
from simulator.auth.people import PLATFORM_ROLES, Person, granting_group
from simulator.keys import base64url

Claims = dict[str, Any]

POOL_CLIENT = "1localchatclient2of3demo45"
AUTH0_AUDIENCE, AUTH0_CLIENT = "https://chat.example/api", "l0calAuth0Cl1entOfThe5implChat32"
AUTH0_ROLES, AUTH0_LOCALE = "https://chat.example/roles", "https://chat.example/locale"
KEYCLOAK_CLIENT = "web"
ENTRA_TENANT = "8f9a4b1e-0000-4000-8000-00000000c4a7"
ENTRA_AUDIENCE, ENTRA_CLIENT = "api://chat", "5b1f7c2d-0000-4000-8000-00000000c11e"


@dataclass(frozen=True, slots=True)
class Moment:
    """When a token is made, and until when it is good (epoch seconds)."""

    now: int
    ttl: int

    @property
    def claims(self) -> Claims:
        return {"iat": self.now, "exp": self.now + self.ttl}


@dataclass(frozen=True, slots=True)
class Form:
    """One provider's ways.

    `path`: what its issuer has after the address. `jwks_path`: where its keys are. `claims`: what a token of a
    use says, but for `iss`. `source`: its entry in IDENTITY, but for name, issuer and prefix. `client`: as what a page
    signs people in.
    """

    path: str
    jwks_path: str
    claims: Mapping[str, Callable[[Person, Moment], Claims]]
    source: Mapping[str, Any]
    client: str


def _grants(claim: str | list[str]) -> Claims:
    return {role: {"claim": claim, "values": [granting_group(role)]} for role in PLATFORM_ROLES}


def _cognito_shared(person: Person, moment: Moment) -> Claims:
    """https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-with-identity-providers.html"""
    groups = {"cognito:groups": list(person.groups)} if person.groups else {}
    ids = {name: str(uuid.uuid4()) for name in ("origin_jti", "event_id", "jti")}
    return {"sub": person.user, **groups, **ids, "auth_time": moment.now, **moment.claims}


def _cognito_access(person: Person, moment: Moment) -> Claims:
    own = {"version": 2, "client_id": POOL_CLIENT, "token_use": "access", "username": person.user}
    return {**_cognito_shared(person, moment), **own, "scope": "aws.cognito.signin.user.admin"}


def _cognito_id(person: Person, moment: Moment) -> Claims:
    own: Claims = {"aud": POOL_CLIENT, "token_use": "id", "cognito:username": person.user}
    if person.locale:
        own["locale"] = person.locale
    return {**_cognito_shared(person, moment), **own, "email_verified": False}


def cognito(region: str) -> Form:
    """A user pool: two keys, one for each kind of token."""
    pool = f"{region}_LocalPool"
    return Form(
        path=f"/{pool}",
        jwks_path=f"/{pool}/.well-known/jwks.json",
        claims={"access": _cognito_access, "id": _cognito_id},
        source={
            "type": "cognito",
            "clients": [POOL_CLIENT],
            "tokenUse": ["access", "id"],
            "userId": "sub",
            "roles": "cognito:groups",
            "locale": "locale",
            "grants": _grants("cognito:groups"),
        },
        client=POOL_CLIENT,
    )


def _auth0(person: Person, moment: Moment) -> Claims:
    """An access token for an API. Claims of one's own have names that are addresses."""
    own: Claims = {"aud": [AUTH0_AUDIENCE, "https://chat.example/userinfo"], "azp": AUTH0_CLIENT}
    if person.groups:
        own[AUTH0_ROLES] = list(person.groups)
    if person.locale:
        own[AUTH0_LOCALE] = person.locale
    return {"sub": person.user, **own, "scope": "openid profile email", **moment.claims}


def _keycloak(person: Person, moment: Moment) -> Claims:
    """An access token of a realm: its roles are nested."""
    own: Claims = {"aud": "account", "typ": "Bearer", "azp": KEYCLOAK_CLIENT, "acr": "1"}
    own["realm_access"] = {"roles": ["offline_access", "default-roles-chat", *person.groups]}
    own["resource_access"] = {"account": {"roles": ["manage-account", "view-profile"]}}
    if person.locale:
        own["locale"] = person.locale
    ids = {name: str(uuid.uuid4()) for name in ("jti", "sid")}
    said = {"sub": person.user, "preferred_username": person.user, "scope": "openid profile email"}
    return {**moment.claims, "auth_time": moment.now, **ids, **own, **said}


def _entra(person: Person, moment: Moment) -> Claims:
    """A v2.0 access token: `oid` is the person, `sub` a pseudonym for one application."""
    pairwise = base64url(sha256(f"{ENTRA_CLIENT}:{person.user}".encode()).digest())
    own: Claims = {"aud": ENTRA_AUDIENCE, "azp": ENTRA_CLIENT, "azpacr": "0", "scp": "chat", "ver": "2.0"}
    own |= {"oid": person.user, "sub": pairwise, "tid": ENTRA_TENANT, "uti": base64url(uuid.uuid4().bytes)}
    if person.groups:
        own["roles"] = list(person.groups)
    if person.locale:
        own["xms_pl"] = person.locale
    return {**own, **moment.claims, "nbf": moment.now, "name": person.user, "preferred_username": person.user}


OIDC: Mapping[FormName, Form] = {
    "auth0": Form(
        path="/auth0/",  # with the slash at its end, as Auth0's issuers have it
        jwks_path="/auth0/.well-known/jwks.json",
        claims={"access": _auth0},
        source={
            "type": "oidc",
            "audiences": [AUTH0_AUDIENCE],
            "clients": [AUTH0_CLIENT],
            "userId": "sub",
            "roles": AUTH0_ROLES,
            "locale": AUTH0_LOCALE,
            "grants": _grants(AUTH0_ROLES),
        },
        client=AUTH0_CLIENT,
    ),
    "keycloak": Form(
        path="/realms/chat",
        jwks_path="/realms/chat/protocol/openid-connect/certs",
        claims={"access": _keycloak},
        source={
            "type": "oidc",
            "clients": [KEYCLOAK_CLIENT],
            "userId": "sub",
            "roles": ["realm_access", "roles"],
            "locale": "locale",
            "grants": _grants(["realm_access", "roles"]),
        },
        client=KEYCLOAK_CLIENT,
    ),
    "entra": Form(
        path=f"/{ENTRA_TENANT}/v2.0",
        jwks_path=f"/{ENTRA_TENANT}/discovery/v2.0/keys",
        claims={"access": _entra},
        source={
            "type": "oidc",
            "audiences": [ENTRA_AUDIENCE],
            "clients": [],
            "userId": "oid",
            "roles": "roles",
            "locale": "xms_pl",
            "grants": _grants("roles"),
        },
        client=ENTRA_CLIENT,
    ),
}
