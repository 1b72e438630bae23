"""Identities as AppSync gives them in each of its modes, and a deployment that takes one source of each kind.

https://docs.aws.amazon.com/appsync/latest/devguide/resolver-context-reference.html#aws-appsync-resolver-context-reference-identity
"""

import json
from typing import Any

from chat.identity.sources import Sources, parse_sources

POOL = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Ab12Cd34E"
AUTH0 = "https://example.eu.auth0.com/"
KEYCLOAK = "https://sso.example.com/realms/x"
ENTRA = "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0"
CLIENT = "4example1client2id3"
ADMINS, GATEWAYS = "chat-admins", "chat-gateways"


def grants(claim: object) -> dict[str, Any]:
    """Who has one of the groups in this claim has the platform role."""
    return {"admin": {"claim": claim, "values": [ADMINS]}, "gateway": {"claim": claim, "values": [GATEWAYS]}}


SOURCES: list[dict[str, Any]] = [
    {
        "name": "pool",
        "type": "cognito",
        "issuer": POOL,
        "clients": [CLIENT],
        "roles": "cognito:groups",
        "locale": "locale",
        "grants": grants("cognito:groups"),
    },
    {
        "name": "auth0",
        "type": "oidc",
        "issuer": AUTH0,
        "audiences": ["https://chat.example.com"],
        "clients": ["auth0Client"],
        "prefix": "a0:",
        "roles": "https://example.com/roles",
        "locale": "https://example.com/language",
        "grants": grants("https://example.com/roles"),
    },
    {
        "name": "keycloak",
        "type": "oidc",
        "issuer": KEYCLOAK,
        "clients": ["web"],
        "prefix": "kc:",
        "roles": ["realm_access", "roles"],
        "grants": grants(["realm_access", "roles"]),
    },
    {
        "name": "entra",
        "type": "oidc",
        "issuer": ENTRA,
        "audiences": ["api://chat"],
        "jwksUrl": "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/discovery/v2.0/keys",
        "prefix": "entra:",
        "userId": "oid",
        "roles": "roles",
        "grants": grants("roles"),
    },
    {
        "name": "theirs",
        "type": "lambda",
        "prefix": "ext:",
        "roles": "groups",
        "locale": "lang",
        "grants": grants("groups"),
    },
    {
        "name": "services",
        "type": "iam",
        "prefix": "iam:",
        "callers": [
            {
                "role": "arn:aws:iam::123456789012:role/chat-gateway",
                "userId": "gateway",
                "roles": ["gateway"],
            },
            {"role": "arn:aws:iam::123456789012:role/ops/chat-admin", "userId": "ops", "roles": ["admin"]},
            {"role": "arn:aws:iam::123456789012:role/bot", "userId": "bot"},
        ],
    },
]


def setting(*sources: dict[str, Any], **changes: Any) -> str:
    """IDENTITY with these sources, each with the changes; `None` leaves a key out."""
    changed = [source | changes for source in sources]
    return json.dumps(
        [{key: value for key, value in source.items() if value is not None} for source in changed]
    )


def source(name: str, /, **changes: Any) -> dict[str, Any]:
    """One of `SOURCES`, with changes."""
    (found,) = [each for each in SOURCES if each["name"] == name]
    return found | changes


def every() -> Sources:
    """All of `SOURCES`."""
    return parse_sources(setting(*SOURCES))


def cognito(sub: str, /, *groups: str, use: str = "access", **claims: Any) -> dict[str, Any]:
    """An identity of AMAZON_COGNITO_USER_POOLS, by an access token or an id token.

    https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-access-token.html
    """
    common: dict[str, Any] = {
        "sub": sub,
        "iss": POOL,
        "token_use": use,
        "auth_time": 1_760_000_000,
        "exp": 1_760_003_600,
        "iat": 1_760_000_000,
        "jti": "bf352d13-d551-4655-adeb-7fbb9506533f",
        "origin_jti": "c98cc3d8-0e89-490e-91b2-e0c209452d4e",
        "event_id": "d29a170c-4474-41e9-ae56-867eaa584604",
    }
    if groups:
        common["cognito:groups"] = list(groups)
    kinds: dict[str, dict[str, Any]] = {
        "access": {"client_id": CLIENT, "username": "janedoe", "scope": "aws.cognito.signin.user.admin"},
        "id": {
            "aud": CLIENT,
            "cognito:username": "janedoe",
            "email": "jane@example.com",
            "email_verified": True,
        },
    }
    return {
        "claims": common | kinds[use] | claims,
        "defaultAuthStrategy": "ALLOW",
        "groups": list(groups) or None,
        "issuer": POOL,
        "sourceIp": ["192.0.2.7"],
        "sub": sub,
        "username": "janedoe",
    }


def oidc(claims: dict[str, Any]) -> dict[str, Any]:
    """An identity of OPENID_CONNECT."""
    times = {"iat": 1_760_000_000, "exp": 1_760_003_600}
    return {"claims": times | claims, "issuer": claims["iss"], "sub": claims["sub"]}


def auth0(sub: str, /, *roles: str, **claims: Any) -> dict[str, Any]:
    """https://auth0.com/docs/secure/tokens/access-tokens/access-token-profiles"""
    said = {
        "iss": AUTH0,
        "sub": sub,
        "aud": ["https://chat.example.com", f"{AUTH0}userinfo"],
        "azp": "auth0Client",
        "scope": "openid profile",
        "https://example.com/roles": list(roles),
    }
    return oidc(said | claims)


def keycloak(sub: str, /, *roles: str, **claims: Any) -> dict[str, Any]:
    """https://www.keycloak.org/docs/latest/server_admin/#_protocol-mappers"""
    said = {
        "iss": KEYCLOAK,
        "sub": sub,
        "aud": "account",
        "azp": "web",
        "typ": "Bearer",
        "preferred_username": "jane",
        "realm_access": {"roles": ["offline_access", *roles]},
    }
    return oidc(said | claims)


def entra(oid: str, /, *roles: str, **claims: Any) -> dict[str, Any]:
    """https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference"""
    said = {
        "iss": ENTRA,
        "sub": "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ",
        "aud": "api://chat",
        "azp": "6e74172b-be56-4843-9ff4-e66a39bb12e3",
        "oid": oid,
        "tid": "9188040d-6c67-4c5b-b112-36a304b66dad",
        "preferred_username": "jane@example.com",
        "ver": "2.0",
        "roles": list(roles),
    }
    return oidc(said | claims)


def ours(user_id: str, /, *roles: str, **context: Any) -> dict[str, Any]:
    """An identity of AWS_LAMBDA, by our own authorizer."""
    return {"resolverContext": {"userId": user_id, "roles": ",".join(roles)} | context}


def theirs(sub: str, /, *groups: str, **context: Any) -> dict[str, Any]:
    """An identity of AWS_LAMBDA, by somebody else's authorizer: a flat object of texts."""
    return {"resolverContext": {"sub": sub, "groups": json.dumps(groups)} | context}


def iam(arn: str, /, **changes: Any) -> dict[str, Any]:
    """An identity of AWS_IAM."""
    return {
        "accountId": "123456789012",
        "cognitoIdentityAuthProvider": None,
        "cognitoIdentityAuthType": None,
        "cognitoIdentityId": None,
        "cognitoIdentityPoolId": None,
        "sourceIp": ["192.0.2.7"],
        "userArn": arn,
        "username": "AROAEXAMPLEID:session",
    } | changes


def assumed_role(name: str, session: str = "session", account: str = "123456789012") -> dict[str, Any]:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html"""
    return iam(f"arn:aws:sts::{account}:assumed-role/{name}/{session}", accountId=account)


def identity_pool(role: str = "chat-gateway", *, is_authenticated: bool = True) -> dict[str, Any]:
    """Somebody with the role of a Cognito identity pool."""
    provider = "cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Ab12Cd34E"
    return iam(
        f"arn:aws:sts::123456789012:assumed-role/{role}/CognitoIdentityCredentials",
        cognitoIdentityAuthProvider=f'"{provider}","{provider}:CognitoSignIn:u1"' if is_authenticated else "",
        cognitoIdentityAuthType="authenticated" if is_authenticated else "unauthenticated",
        cognitoIdentityId="eu-central-1:9f2a7f1c-5a5e-4f0c-8b3b-0d2f5c1f6c11",
        cognitoIdentityPoolId="eu-central-1:0e5d1d6c-6f1b-4a5a-9d0a-6d3a8f0e3c22",
    )


JANE = "af08acd8-f118-4016-a35d-2e47d43015a3"
BY_MODE: dict[str, tuple[dict[str, Any] | None, str | dict[str, str]]] = {
    "api-key": (None, {"reason": "missing"}),
    "cognito-access-token": (cognito(JANE, "readers"), JANE),
    "cognito-id-token": (cognito(JANE, "readers", use="id", locale="es"), JANE),
    "cognito-other-client": (cognito(JANE, client_id="5other2client3id4"), {"reason": "client"}),
    "cognito-other-pool": (
        cognito(JANE, iss=f"{POOL}F") | {"issuer": f"{POOL}F"},
        {"reason": "source"},
    ),
    "oidc-auth0": (auth0("auth0|5f7c8ec7c33c6c004bbafe82", "editor"), "a0:auth0|5f7c8ec7c33c6c004bbafe82"),
    "oidc-keycloak": (keycloak(JANE, "editor"), f"kc:{JANE}"),
    "oidc-entra": (entra(JANE, "Chat.Write"), f"entra:{JANE}"),
    "lambda-other": (theirs("jane", "readers", lang="fr"), "ext:jane"),
    "lambda-without-id": ({"resolverContext": {"groups": "readers"}}, {"reason": "claim", "claim": "userId"}),
    "iam-role": (assumed_role("bot"), "iam:bot"),
    "iam-other-role": (assumed_role("deploy"), {"reason": "role"}),
    "iam-user": (iam("arn:aws:iam::123456789012:user/jane", username="jane"), {"reason": "role"}),
    "identity-pool": (identity_pool(), {"reason": "role"}),
    "identity-pool-guest": (identity_pool(is_authenticated=False), {"reason": "role"}),
    "two-modes": (ours("mallory", "admin") | cognito(JANE), {"reason": "ambiguous"}),
}
"""The identities of `events/Query.messages.*.json`, and the chat's id of each under `SOURCES`, or why it is nobody."""
