"""Tokens in the forms of those who issue them, and how AppSync verifies them."""

import json
from typing import Any

import jwt
import pytest

from simulator.auth.forms import OIDC, POOL_CLIENT
from simulator.auth.issuers import Issuer, TokenRefused, is_jwt, issuer_of
from simulator.auth.modes import FormName, Mode
from simulator.auth.people import Person
from simulator.auth.rsa_keys import new_rsa_key
from simulator.keys import new_signing_key

from .conftest import ADDRESS, NOW, Trust

FORMS: list[tuple[Mode, FormName, str]] = [
    (Mode.COGNITO, "auth0", "access"),
    (Mode.COGNITO, "auth0", "id"),
    *((Mode.OIDC, name, "access") for name in OIDC),
]


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims, unverified."""
    return jwt.get_unverified_header(token), jwt.decode(token, options={"verify_signature": False})


def verified(issuer: Issuer, token: str, now: float = NOW) -> Any:
    return issuer.verify(token, lambda: now)


def test_an_access_token_of_cognito(trust: Trust) -> None:
    header, claims = parts(trust.token(Mode.COGNITO, groups=["chat-admin"]))
    assert set(header) == {"kid", "alg"}
    assert header["alg"] == "RS256"
    ids = {claims.pop(name) for name in ("origin_jti", "event_id", "jti")}
    assert len(ids) == 3
    assert claims == {
        "sub": "alice",
        "cognito:groups": ["chat-admin"],
        "iss": f"{ADDRESS}/us-east-1_LocalPool",
        "version": 2,
        "client_id": POOL_CLIENT,
        "token_use": "access",
        "scope": "aws.cognito.signin.user.admin",
        "auth_time": NOW,
        "iat": NOW,
        "exp": NOW + 60,
        "username": "alice",
    }


def test_an_id_token_of_cognito(trust: Trust) -> None:
    _, claims = parts(trust.token(Mode.COGNITO, use="id", locale="es"))
    for name in ("origin_jti", "event_id", "jti"):
        del claims[name]
    assert claims == {
        "sub": "alice",
        "iss": f"{ADDRESS}/us-east-1_LocalPool",
        "aud": POOL_CLIENT,
        "token_use": "id",
        "cognito:username": "alice",
        "email_verified": False,
        "locale": "es",
        "auth_time": NOW,
        "iat": NOW,
        "exp": NOW + 60,
    }


@pytest.mark.parametrize(
    ("form", "issuer", "user", "roles"),
    [
        ("auth0", "/auth0/", ["sub"], ["https://chat.example/roles"]),
        ("keycloak", "/realms/chat", ["sub"], ["realm_access", "roles"]),
        ("entra", "/8f9a4b1e-0000-4000-8000-00000000c4a7/v2.0", ["oid"], ["roles"]),
    ],
)
def test_each_provider_says_user_and_roles_where_it_says_them(
    trust: Trust, form: FormName, issuer: str, user: list[str], roles: list[str]
) -> None:
    _, claims = parts(trust.token(Mode.OIDC, form=form, groups=["chat-admin"]))
    assert claims["iss"] == ADDRESS + issuer
    assert at(claims, user) == "alice"
    assert "chat-admin" in at(claims, roles)
    source = OIDC[form].source
    assert ([source["userId"]], source["roles"]) == (user, roles if len(roles) > 1 else roles[0])
    assert source.get("clients") or source["audiences"]


def at(claims: Any, path: list[str]) -> Any:
    for name in path:
        claims = claims[name]
    return claims


def test_entras_subject_is_a_pseudonym(trust: Trust) -> None:
    _, claims = parts(trust.token(Mode.OIDC, form="entra"))
    assert claims["sub"] not in ("alice", parts(trust.token(Mode.OIDC, "bob", form="entra"))[1]["sub"])


@pytest.mark.parametrize(("mode", "form", "use"), FORMS)
def test_whoever_discovers_an_issuer_can_verify_its_tokens(
    trust: Trust, mode: Mode, form: FormName, use: str
) -> None:
    issuer = trust.issuer(mode, form)
    path = issuer.url.removeprefix(ADDRESS).rstrip("/") + "/.well-known/openid-configuration"
    discovery = json.loads(issuer.documents[path])
    assert discovery["issuer"] == issuer.url
    keys = json.loads(issuer.documents[discovery["jwks_uri"].removeprefix(ADDRESS)])["keys"]
    token = trust.token(mode, form=form, use=use)
    (key,) = [jwt.PyJWK(each) for each in keys if each["kid"] == parts(token)[0]["kid"]]
    options: Any = {"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_aud": False}
    claims = jwt.decode(token, key, algorithms=["RS256"], issuer=issuer.url, options=options)
    assert claims == verified(issuer, token)


def test_the_two_tokens_of_cognito_are_signed_with_two_keys(trust: Trust) -> None:
    kids = {parts(trust.token(Mode.COGNITO, use=use))[0]["kid"] for use in ("access", "id")}
    assert len(kids) == 2


@pytest.mark.parametrize(("mode", "form", "use"), FORMS)
@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"exp": NOW}, "expired"),
        ({"exp": NOW - 1}, "expired"),
        ({"exp": None}, "until when"),
        ({"exp": "tomorrow"}, "until when"),
        ({"nbf": NOW + 1}, "not yet good"),
        ({"iss": "http://127.0.0.1:4001/auth0/"}, "another key"),
        ({"sub": None}, "no subject"),
        ({"sub": 7}, "another key|no subject"),
    ],
)
def test_a_token_that_says_something_else_is_refused(
    trust: Trust, mode: Mode, form: FormName, use: str, changes: dict[str, Any], why: str
) -> None:
    issuer = trust.issuer(mode, form)
    claims = parts(trust.token(mode, form=form, use=use))[1] | changes
    token = issuer.sign({name: value for name, value in claims.items() if value is not None}, use)
    with pytest.raises(TokenRefused, match=why):
        verified(issuer, token)


def test_a_token_is_good_up_to_its_last_moment(trust: Trust) -> None:
    token = trust.token(Mode.COGNITO, ttl=60)
    assert verified(trust.issuer(Mode.COGNITO), token, NOW + 59.9)["sub"] == "alice"
    with pytest.raises(TokenRefused, match="expired"):
        verified(trust.issuer(Mode.COGNITO), token, NOW + 60)


def test_a_token_of_another_key_is_refused_by_whatever_name_it_has(trust: Trust) -> None:
    issuer, stranger = trust.issuer(Mode.COGNITO), new_rsa_key()
    claims = parts(trust.token(Mode.COGNITO))[1]
    with pytest.raises(TokenRefused, match="does not have"):
        verified(issuer, stranger.sign(claims))
    disguised = jwt.encode(claims, stranger.private, "RS256", {"kid": issuer.keys["access"].key_id})
    with pytest.raises(TokenRefused, match="another key"):
        verified(issuer, disguised)


def test_other_algorithms_are_refused(trust: Trust) -> None:
    issuer = trust.issuer(Mode.COGNITO)
    claims, kid = parts(trust.token(Mode.COGNITO))[1], {"kid": issuer.keys["access"].key_id}
    forged = [
        jwt.encode(claims, "", "none", kid),
        jwt.encode(claims, "k" * 64, "HS256", kid),
        jwt.encode(claims, new_signing_key().private, "ES256", kid),
    ]
    for token in forged:
        with pytest.raises(TokenRefused, match="another key"):
            verified(issuer, token)


def test_a_use_that_an_issuer_does_not_have_is_no_token(trust: Trust) -> None:
    with pytest.raises(KeyError):
        trust.issuer(Mode.OIDC).token(Person("alice"), now=NOW, ttl=1, use="id")


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("", False),
        ("a.b.c", False),
        ("local.eyJhbGciOiJSUzI1NiJ9.e30.eA", False),
        ("eyJhbGciOiJSUzI1NiJ9.e30.eA", True),
        ("eyJhbGciOiJSUzI1NiJ9.e30", False),
        ("eyJ0eXAiOiJKV1QifQ.e30.eA", False),  # no `alg`
        ("W10.e30.eA", False),  # a list
        ("eyJhbGciOiJSUzI1NiJ9.e30.é", False),
        ("eyJhbGciOiJSUzI1NiJ9." + "e" * 20_000 + ".eA", False),
    ],
)
def test_what_appsync_takes_for_a_json_web_token(token: str, expected: bool) -> None:
    assert is_jwt(token) is expected


def test_a_header_or_claims_nested_deeper_than_json_is_read_are_no_token() -> None:
    deep = jwt.utils.base64url_encode(b"[" * 5_000).decode()
    assert not is_jwt(f"{deep}.e30.eA")
    assert issuer_of(f"eyJhbGciOiJSUzI1NiJ9.{deep}.eA") is None
